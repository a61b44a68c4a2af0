// What store threads hand back to the worker's loop.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "base/query.h"
#include "base/result.h"
#include "base/status.h"
#include "bus/bus.h"
#include "storage/store.h"
#include "worker/machine.h"

namespace kipu::worker {

struct Committed {
  CommitId id{};
  storage::Merged merged;
};
struct ReadDone {
  ReadId id{};
  Result<ReadResult> result;
};
struct MapSaved {
  MapVersion version;
  Status status;
};
struct WholenessSaved {
  std::uint64_t id = 0;
  Status status;
};
using Completion = std::variant<Committed, ReadDone, MapSaved, WholenessSaved, storage::StoreStats>;

// Thread rule: put() by any thread, take() by the loop.
class Completions {
 public:
  // `poller` outlives the queue.
  explicit Completions(bus::Poller& poller) : poller_(poller) {}

  // Wakes the loop if it may be waiting.
  void put(Completion completion) {
    bool first = false;
    {
      const std::scoped_lock lock(mutex_);
      first = queue_.empty();
      queue_.push_back(std::move(completion));
    }
    if (first) poller_.wake();
  }
  std::vector<Completion> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(queue_, {});
  }

 private:
  bus::Poller& poller_;
  std::mutex mutex_;  // guards what follows
  std::vector<Completion> queue_;
};

}  // namespace kipu::worker
