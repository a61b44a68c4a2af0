#include "worker/runtime_stats.h"

namespace kipu::worker {

StatsSampler::StatsSampler(const storage::Store& store, Completions& completions)
    : store_(store), completions_(completions), thread_([this] { run(); }) {}

StatsSampler::~StatsSampler() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StatsSampler::sample() {
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void StatsSampler::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || ending_; });
    if (ending_) return;
    wanted_ = false;
    lock.unlock();
    completions_.put(store_.stats());
    lock.lock();
  }
}

}  // namespace kipu::worker
