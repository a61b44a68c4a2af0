// Runs a store on threads of its own, so that a loop never waits for a disk: one thread commits,
// some read. The worker machine has at most one commit under way, and that is the group: what
// arrives meanwhile fills the next.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/query.h"
#include "base/result.h"
#include "storage/store.h"

namespace kipu::storage {

// Thread rule: any thread may call; what was passed to one of merge, save_map, save_wholeness runs
// in the order of the calls. A callback runs on a thread of this object and must not block. The
// destructor runs what was submitted, then joins; nobody may call any more by then, callbacks
// included.
class StoreThreads {
 public:
  // REQUIRES: readers >= 1; `store` outlives this object.
  StoreThreads(Store& store, int readers);
  ~StoreThreads();
  StoreThreads(const StoreThreads&) = delete;
  StoreThreads& operator=(const StoreThreads&) = delete;

  void merge(Change change, std::function<void(Merged)> done);  // and tells what it was asked
  void save_map(ClusterId cluster, std::string map, std::function<void(Status)> done);
  void save_wholeness(Wholeness whole, std::function<void(Status)> done);
  void read(ReadQuery query, std::function<void(Result<ReadResult>)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kipu::storage
