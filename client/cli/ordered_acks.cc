#include "client/cli/ordered_acks.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kMaxWaiting = 65'536;

}  // namespace

OrderedAcks::OrderedAcks(std::function<void(Stamp)> show)
    : show_(std::move(show)), thread_([this] { run(); }) {}

std::uint64_t OrderedAcks::reserve() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMaxWaiting; });
  waiting_.emplace_back();
  return shown_ + waiting_.size();
}

void OrderedAcks::complete(std::uint64_t number, const Result<Stamp>& result) {
  const std::lock_guard lock(mutex_);
  waiting_[number - shown_ - 1] = result;
  if (!result && (!failure_ || number < failure_->number)) {
    failure_ = Failure{number, result.error()};
  }
  if (result) ++acknowledged_;
  if (number == shown_ + 1) changed_.notify_all();
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

std::uint64_t OrderedAcks::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

void OrderedAcks::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock,
                  [&] { return waiting_.empty() ? finishing_ : waiting_.front().has_value(); });
    if (waiting_.empty()) return;
    const Result<Stamp> result = *std::move(waiting_.front());
    waiting_.pop_front();
    ++shown_;
    changed_.notify_all();
    if (!result) continue;
    lock.unlock();
    show_(*result);
    lock.lock();
  }
}

}  // namespace kipu::cli
