#include "client/calls.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace kipu::client {

struct Ticket::Waiter {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Completion> completion;  // guarded by mutex
};

Ticket::Ticket(Loop& loop, Call call, const CallOptions& options)
    : loop_(loop), before_wait_(options.before_wait), waiter_(std::make_shared<Waiter>()) {
  if (loop.on_loop_thread()) {
    waiter_->completion = Completion{
        id_, fail(ErrorCode::invalid_argument, "a callback made a call that blocks"), {}};
    return;
  }
  id_ = loop.submit(std::move(call), options, [waiter = waiter_](Completion completion) {
    const std::lock_guard lock(waiter->mutex);
    waiter->completion = std::move(completion);
    waiter->done.notify_one();
  });
}

Ticket::~Ticket() {
  {
    const std::lock_guard lock(waiter_->mutex);
    if (waiter_->completion) return;
  }
  loop_.cancel(id_);
}

Completion Ticket::wait() {
  std::unique_lock lock(waiter_->mutex);
  if (!waiter_->completion && before_wait_) {
    lock.unlock();  // the answer may come meanwhile
    before_wait_();
    lock.lock();
  }
  waiter_->done.wait(lock, [this] { return waiter_->completion.has_value(); });
  return std::move(*waiter_->completion);  // still set: so the destructor cancels nothing
}

Result<MapReply> fetch_map(Loop& loop, const CallOptions& options) {
  auto map = ask<MapReply>(loop, MapCall{}, options);
  if (map) loop.learn(**map);
  return map;
}

Result<Bucket> find_bucket(Loop& loop, const CallOptions& options) {
  if (auto known = loop.known_bucket(options.bucket)) return *known;
  if (auto map = fetch_map(loop, options); !map) return fail(std::move(map).error());
  if (auto known = loop.known_bucket(options.bucket)) return *known;
  return fail(ErrorCode::unknown_bucket,
              fmt::format("there is no bucket {}; create it first", options.bucket));
}

Status check_read_level(const CallOptions& options) {
  if (options.level != Level::none) return {};
  return fail(ErrorCode::invalid_argument, "level none is for writes: a read needs its answer");
}

}  // namespace kipu::client
