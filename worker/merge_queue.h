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
  // For the next commit. The entries were validated: one that is none would stop this worker.
  MergeId add(std::vector<storage::PlacedEntry> entries);
  // Moves what waits to `change`, up to about `most_bytes`. REQUIRES: nothing is under way.
  void begin(storage::Change& change, std::size_t most_bytes);
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
  std::uint64_t last_ = 0;
  std::deque<Piece> waiting_;
  std::size_t bytes_ = 0;
  std::vector<MergeId> under_way_;
};

}  // namespace kipu::worker
