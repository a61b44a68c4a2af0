// The queues of appends: per worker that coordinates them and, within it, per level. Decides when
// what waits becomes a batch.
//
// A batch may leave when a worker has fewer than `batches_in_flight`: at once if it has none, else
// when it is full, or its first entry has waited for `linger`, or the queues are flushed. Level
// `none` has no answers to count: its batches leave when the one before is older than `linger`.
//
// Thread rule: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/machine_calls.h"
#include "client/machine_timers.h"

namespace kipu::client {

class Batcher {
 public:
  struct Group {
    WorkerId worker;
    Level level = Level::bucket_default;
    std::vector<Handle> entries;
  };

  // The references outlive the batcher.
  Batcher(const Config& config, Calls& calls) : config_(config), calls_(calls) {}

  // Queues an append. Its place becomes `queued`.
  void push(Instant now, WorkerId worker, Handle handle);
  // An append that is queued leaves its lane.
  void remove(Pending& call);
  // Empties all lanes: what was in them, in order of start. Places become `nowhere`.
  std::vector<Handle> drain();
  // The same for one worker.
  std::vector<Handle> drain(WorkerId worker);

  // The next batch that may leave now. Its entries have left their lane, and it counts as being in
  // flight (unless its level is `none`) until finished().
  std::optional<Group> take(Instant now);
  void finished(WorkerId worker);
  // Everything queued now leaves as soon as the number of batches in flight allows it.
  void flush();

  // How many handles the lanes hold: at most in proportion to the appends that are queued.
  std::size_t held() const;

  // When a lane's first entry will have waited long enough.
  Instant next_tick() const { return timers_.next(); }
  void on_tick(Instant now);

 private:
  struct Lane {
    std::deque<Handle> waiting;  // some may have left already
    std::size_t live = 0;        // those that have not
    std::size_t bytes = 0;       // of those
    std::size_t hurried = 0;     // of those, to be sent without lingering
    std::optional<Instant> last_left;
  };
  static constexpr std::size_t kLevels = 5;
  struct Worker {
    std::uint32_t in_flight = 0;
    std::array<Lane, kLevels> lanes;  // by Level
  };

  using Drained = std::vector<std::pair<std::uint64_t, Handle>>;  // with when they were started

  Pending* queued(Handle handle, WorkerId worker) const;
  Pending* first_of(Lane& lane, WorkerId worker);
  void empty(WorkerId id, Worker& worker, Drained& into);
  static std::vector<Handle> in_order(Drained drained);
  void forget_those_that_left(Lane& lane, WorkerId worker) const;
  bool is_full(const Lane& lane) const;
  bool may_leave(Instant now, const Worker& worker, Level level, const Pending& first) const;
  Group form(Instant now, WorkerId id, Worker& worker, Level level);
  void leave(Lane& lane, Pending& call);
  void set_timer(WorkerId id, Worker& worker);

  const Config& config_;
  Calls& calls_;
  std::map<WorkerId, Worker> workers_;
  std::set<WorkerId> touched_;  // to be looked at by take()
  Timers<WorkerId> timers_;
};

}  // namespace kipu::client
