#include "client/cli/ordered_acks.h"

#include <utility>

namespace kipu::cli {
namespace {

constexpr std::size_t kMaxWaiting = 65'536;

}  // namespace

OrderedAcks::OrderedAcks(Calls calls, LineFates fates)
    : calls_(std::move(calls)), fates_(std::move(fates)), thread_([this] { run(); }) {}

std::uint64_t OrderedAcks::reserve() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMaxWaiting; });
  waiting_.emplace_back();
  return taken_ + waiting_.size();
}

void OrderedAcks::complete(std::uint64_t number, const Result<Stamp>& result,
                           std::optional<Stamp> stamp) {
  {
    const std::lock_guard lock(mutex_);
    waiting_[number - taken_ - 1] = Ack{result, stamp};
    if (!result && (!failure_ || number < failure_->number)) {
      failure_ = Failure{number, result.error()};
    }
    if (number == taken_ + 1) changed_.notify_all();
  }
  if (!result) calls_.failed();
}

void OrderedAcks::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<OrderedAcks::Failure> OrderedAcks::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

// What became ready while the last ones were shown is taken at once, so that in a bulk run the rest
// between two rounds is rare.
void OrderedAcks::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return is_ready() || (finishing_ && waiting_.empty()); });
    if (!is_ready()) return;
    while (is_ready()) {
      const std::deque<Ack> ready = take_ready();
      lock.unlock();
      show_all(ready);
      lock.lock();
    }
    lock.unlock();
    calls_.rest();
    lock.lock();
  }
}

// REQUIRES: the mutex.
std::deque<OrderedAcks::Ack> OrderedAcks::take_ready() {
  std::deque<Ack> ready;
  while (is_ready()) {
    ready.push_back(*std::move(waiting_.front()));
    waiting_.pop_front();
  }
  taken_ += ready.size();
  changed_.notify_all();  // there is room
  return ready;
}

void OrderedAcks::show_all(const std::deque<Ack>& acks) {
  for (const auto& [result, stamp] : acks) {
    fates_.add(result, stamp);
    if (result) calls_.show(*result);
  }
}

}  // namespace kipu::cli
