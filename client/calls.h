// Calls that one thread waits for: what every blocking function of the client is made of.
//
// Thread rule: a Ticket belongs to the thread that waits for it; the functions are for any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bucket.h"
#include "base/result.h"
#include "client/loop.h"
#include "client/machine.h"
#include "kipu/client.h"

namespace kipu::client {

using Loop = ::kipu::Client::Loop;

// A call under way, and the wait for its completion. One that goes away unanswered is cancelled.
class Ticket {
 public:
  // On the loop thread, which would wait for itself, nothing is submitted: `invalid_argument`.
  Ticket(Loop& loop, Call call, const CallOptions& options);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // Once.
  [[nodiscard]] Completion wait();

 private:
  struct Waiter;
  Loop& loop_;
  std::function<void()> before_wait_;
  std::shared_ptr<Waiter> waiter_;  // shared with the handler, which may run after we are gone
  CallId id_{};
};

// The alternative of a reply that the call must have.
template <class T>
[[nodiscard]] Result<T> unwrap(Completion completion) {
  if (!completion.reply) return fail(std::move(completion.reply).error());
  T* reply = std::get_if<T>(&*completion.reply);
  if (reply == nullptr) return fail(ErrorCode::internal, "the reply does not fit its request");
  return std::move(*reply);
}

template <class T>
[[nodiscard]] Result<T> ask(Loop& loop, Call call, const CallOptions& options) {
  return unwrap<T>(Ticket(loop, std::move(call), options).wait());
}

// The map as of now; what it says of buckets is remembered.
[[nodiscard]] Result<MapReply> fetch_map(Loop& loop, const CallOptions& options);

// The bucket that `options` names, from memory or from a new map; `unknown_bucket`.
[[nodiscard]] Result<Bucket> find_bucket(Loop& loop, const CallOptions& options);

// `invalid_argument` for a level that no read has.
[[nodiscard]] Status check_read_level(const CallOptions& options);

}  // namespace kipu::client
