#include "examples/files/pool.h"

#include <utility>

namespace files {

Pool::Pool(std::size_t threads) : most_waiting_(threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::submit(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < most_waiting_; });
  waiting_.push_back(std::move(work));
  lock.unlock();
  changed_.notify_all();
}

void Pool::go_on(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_front(std::move(work));
  }
  changed_.notify_all();
}

void Pool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    work();
    lock.lock();
  }
}

void Budget::take(std::size_t bytes) {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [&] { return left_ >= bytes; });
  left_ -= bytes;
}

bool Budget::try_take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (left_ < bytes) return false;
  left_ -= bytes;
  return true;
}

void Budget::give_back(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  left_ += bytes;
  given_.notify_all();  // under the lock: whoever then has all may destroy this
}

}  // namespace files
