// Shows what pipelined appends came to, in the order in which they were made.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "base/stamp.h"

namespace kipu::cli {

// Thread rule: reserve() and finish() by one thread, complete() by any.
class OrderedAcks {
 public:
  // `show` is called by a thread of this object, with one stamp after another.
  explicit OrderedAcks(std::function<void(Stamp)> show);
  OrderedAcks(const OrderedAcks&) = delete;
  OrderedAcks& operator=(const OrderedAcks&) = delete;
  ~OrderedAcks() { finish(); }

  // A place for one more append, numbered from 1. Waits while too many are not yet shown.
  std::uint64_t reserve();
  void complete(std::uint64_t number, const Result<Stamp>& result);
  // Waits until all that was reserved is complete and shown.
  void finish();

  struct Failure {
    std::uint64_t number = 0;
    Error error;
  };
  // The failure with the least number so far.
  std::optional<Failure> failure() const;
  std::uint64_t acknowledged() const;

 private:
  void run();

  const std::function<void(Stamp)> show_;
  mutable std::mutex mutex_;  // guards everything below but the thread
  std::condition_variable changed_;
  std::deque<std::optional<Result<Stamp>>> waiting_;  // not yet shown, oldest first
  std::uint64_t shown_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::optional<Failure> failure_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace kipu::cli
