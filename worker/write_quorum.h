// Writes that are durable here, until as many replicas hold them as they need.
//
//  1. Whoever wrote is told of success only while this worker may vouch for it (it has a lease).
//  2. A write that is not held by enough when its time runs out is `outcome_unknown`, with counts.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/bucket.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/position.h"
#include "base/time.h"
#include "schema/messages.h"
#include "worker/append_queue.h"

namespace kipu::worker {

// How many of `replicas` must hold what is written at `level`, which is no default.
[[nodiscard]] std::uint32_t holders_needed(Level level, std::uint32_t replicas);

class WriteQuorum {
 public:
  // A request's answer, and when it is due at the latest: a little before the deadline, because
  // whoever forwarded the request answers by that without knowing any counts.
  struct Answer {
    Asker asker;
    std::optional<Error> error;
    schema::AppendReply reply;  // unless there is an error
  };

  // `run`: of this worker's stream.
  explicit WriteQuorum(std::uint64_t run) : run_(run) {}

  // Durable here, at `position`, which is none where no other replica has a part in it.
  void add(Instant now, CheckedAppend stored, const Position& position);
  // `peer` holds all that concerns it up to `cursor`.
  void held(StoreId peer, const Position& cursor);

  // Those that enough replicas hold. To be called only while this worker may vouch for them.
  std::vector<Answer> settled();
  // Those whose time has run out.
  std::vector<Answer> expire(Instant now);

  Instant next() const { return due_.empty() ? Instant::never() : due_.begin()->first; }
  bool empty() const { return writes_.empty(); }
  std::size_t size() const { return writes_.size(); }

 private:
  struct Write {
    std::uint64_t counter = 0;
    Instant due;
    CheckedAppend stored;
  };
  // How many hold it, and how many must, of the entries that are furthest from it.
  struct Tally {
    std::uint32_t holders = 0;
    std::uint32_t least = 0;  // of all entries
    std::uint32_t needed = 0;
    bool enough() const { return holders >= needed; }
  };
  Tally tally(const Write& write) const;

  const std::uint64_t run_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Write> writes_;  // in the order of their commits
  std::set<std::pair<Instant, std::uint64_t>> due_;
  std::map<StoreId, std::uint64_t> held_;  // counters of this run
};

}  // namespace kipu::worker
