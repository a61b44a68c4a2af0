// Entries that others sent to be kept, outside of streams, until the commit that holds them.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "storage/store.h"

namespace kipu::worker {

enum class MergeId : std::uint64_t {};

class MergeQueue {
 public:
  // For a commit to come. The entries were validated: one that is none would stop this worker.
  // `passed_on`: others may lack them, too, so they go into this worker's stream.
  MergeId add(std::vector<storage::PlacedEntry> entries, bool passed_on = false);
  // Moves what waits to `change`, up to about `most_bytes`: what is passed on, or what is not.
  // REQUIRES: nothing is under way but what this was called for since committed().
  void begin(storage::Change& change, std::size_t most_bytes, bool passed_on = false);
  // That is durable.
  std::vector<MergeId> committed();

  // By Entry::message_bytes, of what waits.
  std::size_t waiting_bytes() const { return bytes_; }

 private:
  struct Piece {
    MergeId id{};
    std::vector<storage::PlacedEntry> entries;
    std::size_t bytes = 0;
  };
  using Queue = std::deque<Piece>;
  std::uint64_t last_ = 0;
  Queue waiting_;
  Queue passed_on_;  // likewise
  std::size_t bytes_ = 0;
  std::vector<MergeId> under_way_;
};

}  // namespace kipu::worker
