// Samples a store's statistics on a thread of its own: they ask the file system.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/store.h"
#include "worker/runtime_completions.h"

namespace kipu::worker {

// Thread rule: sample() by any thread. The result comes as a completion.
class StatsSampler {
 public:
  // Both outlive the sampler.
  StatsSampler(const storage::Store& store, Completions& completions);
  ~StatsSampler();
  StatsSampler(const StatsSampler&) = delete;
  StatsSampler& operator=(const StatsSampler&) = delete;

  // Asked again before the last sample was taken, it takes one.
  void sample();

 private:
  void run();

  const storage::Store& store_;
  Completions& completions_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool wanted_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace kipu::worker
