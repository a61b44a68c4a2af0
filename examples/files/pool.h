// Threads that do pieces of work, and a bound on the bytes that these pieces hold.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace files {

// Thread rule: any thread, except where a function says otherwise.
class Pool {
 public:
  // So many threads, and at most as many pieces that wait.
  explicit Pool(std::size_t threads);
  // Does what was submitted first.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Blocks while the queue is full. REQUIRES: not on a thread of the pool.
  void submit(std::function<void()> work);
  // For what remains of work that was submitted: blocks never, and comes before what waits.
  // REQUIRES: the pool is not being destroyed, or this is one of its threads.
  void go_on(std::function<void()> work);

 private:
  void run();

  const std::size_t most_waiting_;
  std::mutex mutex_;  // guards what follows, but for threads_
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

// Bytes that may be held at once. Whoever waits for some must hold none that it alone gives back.
//
// Thread rule: any thread.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : left_(bytes) {}

  // REQUIRES: no more than there are in all.
  void take(std::size_t bytes);
  [[nodiscard]] bool try_take(std::size_t bytes);
  void give_back(std::size_t bytes);

 private:
  std::mutex mutex_;  // guards left_
  std::condition_variable given_;
  std::size_t left_;
};

}  // namespace files
