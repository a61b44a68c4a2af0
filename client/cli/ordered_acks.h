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
#include "client/cli/line_fates.h"

namespace kipu::cli {

// Thread rule: reserve() and finish() by one thread, complete() by any.
class OrderedAcks {
 public:
  // What it calls. `show` and `rest` are called by a thread of this object: with one stamp after
  // another, and whenever no more of them are ready, so that what was shown must not wait in a
  // buffer. `failed` is called by whoever completes an append that failed.
  struct Calls {
    std::function<void(Stamp)> show;
    std::function<void()> rest;
    std::function<void()> failed;
  };
  // `fates` begins what is told of the lines.
  OrderedAcks(Calls calls, LineFates fates);
  OrderedAcks(const OrderedAcks&) = delete;
  OrderedAcks& operator=(const OrderedAcks&) = delete;
  ~OrderedAcks() { finish(); }

  // A place for one more append, numbered from 1. Waits while too many are not yet shown.
  std::uint64_t reserve();
  void complete(std::uint64_t number, const Result<Stamp>& result, std::optional<Stamp> stamp);
  // Waits until all that was reserved is complete and shown.
  void finish();

  struct Failure {
    std::uint64_t number = 0;
    Error error;
  };
  // The failure with the least number so far.
  std::optional<Failure> failure() const;
  // Of all that was reserved. REQUIRES: finish().
  const LineFates& fates() const { return fates_; }

 private:
  struct Ack {
    Result<Stamp> result;
    std::optional<Stamp> stamp;
  };

  void run();
  bool is_ready() const { return !waiting_.empty() && waiting_.front().has_value(); }
  std::deque<Ack> take_ready();
  void show_all(const std::deque<Ack>& acks);

  const Calls calls_;
  LineFates fates_;           // of the thread, while it runs
  mutable std::mutex mutex_;  // guards everything below but the thread
  std::condition_variable changed_;
  std::deque<std::optional<Ack>> waiting_;  // not yet taken to be shown, oldest first
  std::uint64_t taken_ = 0;
  std::optional<Failure> failure_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace kipu::cli
