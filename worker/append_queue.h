// Appends between their arrival and their acknowledgement: held until a newer map is in force,
// waiting for a commit, or in the one commit that is under way.
//
//  1. All entries of a request are in one commit.
//  2. A request that runs out of time before its commit is formed is in none.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"
#include "schema/messages.h"
#include "storage/store.h"

namespace kipu::worker {

// Whom to answer, and until when that is of use.
struct Asker {
  std::uint64_t request = 0;
  bool expects_reply = true;
  Instant deadline;
};

// An append request that waits for a map as new as its sender's.
struct HeldAppend {
  Asker asker;
  schema::AppendRequest request;
  std::size_t bytes = 0;
  Instant until;  // no longer: the map may be of another cluster, or a lie
};

// Of the entries of a request that have the same replicas: how many of these, this worker included,
// must hold them.
struct WriteNeed {
  std::vector<StoreId> others;
  std::uint32_t needed = 1;
  friend bool operator==(const WriteNeed&, const WriteNeed&) = default;
};

// An append request that was checked.
struct CheckedAppend {
  Asker asker;
  std::vector<storage::PlacedEntry> entries = {};
  std::vector<WriteNeed> needs = {};
  std::vector<schema::Refusal> refusals = {};
  std::size_t bytes = 0;
  // Where it is to be told which entries were there already: each entry's index in the request.
  std::vector<std::uint32_t> asked = {};
  std::size_t begins = 0;  // the place of its first entry in the commit
  // Once it is committed: which of them were, if that is known.
  std::optional<std::vector<std::uint32_t>> present = {};
};

class AppendQueue {
 public:
  void hold(HeldAppend append);
  void add(CheckedAppend append);

  // Those held for `in_force` or an older map, in the order of their arrival.
  std::vector<HeldAppend> release(const MapVersion& in_force);
  std::vector<HeldAppend> release_all();
  // Those that were held for too long.
  std::vector<HeldAppend> give_up(Instant now);
  // Everything whose time has run out, except what is under way.
  std::vector<Asker> expire(Instant now);

  // What of the next commit was appended here: requests in order, up to `most_bytes` but at least
  // one, if any waits. REQUIRES: !committing(), and `change` has no entries.
  void begin_commit(storage::Change& change, std::size_t most_bytes);
  bool committing() const { return !committing_.empty(); }
  // The requests of the commit that was under way; their entries are gone. `present`: what the
  // commit was told of those that it asked about.
  std::vector<CheckedAppend> end_commit(const std::optional<std::vector<std::uint32_t>>& present);

  std::size_t held_bytes() const { return held_bytes_; }
  // Of everything: held, waiting and under way.
  std::size_t bytes() const { return held_bytes_ + waiting_bytes_ + committing_bytes_; }
  bool empty() const { return held_.empty() && waiting_.empty() && !committing(); }

 private:
  std::deque<HeldAppend> held_;
  std::deque<CheckedAppend> waiting_;
  std::vector<CheckedAppend> committing_;
  std::size_t held_bytes_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t committing_bytes_ = 0;
};

}  // namespace kipu::worker
