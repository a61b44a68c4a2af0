#include "client/machine_core.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

namespace kipu::client {
namespace {

std::string in_milliseconds(Duration length) {
  return fmt::format("{} ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

std::string attempts_of(const Pending& call) {
  return fmt::format("{} {}", call.attempts, call.attempts == 1 ? "attempt" : "attempts");
}

Error unknown_outcome(const Pending& call, std::string_view what) {
  std::string text = fmt::format("it may or may not have been done: {}", what);
  // Which says how many replicas hold it.
  if (call.unknown) text += "; a worker answered: " + *call.unknown;
  const bool is_told = call.unknown && call.refusal && call.refusal->message == *call.unknown;
  if (call.refusal && !is_told) text += "; an earlier answer was: " + call.refusal->message;
  if (call.request == nullptr) text += "; append with the same stamp to settle it";
  return {ErrorCode::outcome_unknown, std::move(text)};
}

// The codes that tell a user more than that the time was over.
bool tells_more(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::overloaded ||
         code == ErrorCode::read_only || code == ErrorCode::clock_skew;
}

}  // namespace

Duration backoff(const Config& config, Rng& rng, std::uint32_t failures) {
  constexpr std::uint32_t kMostDoublings = 20;
  const std::uint32_t doublings = std::min(failures > 0 ? failures - 1 : 0, kMostDoublings);
  Duration full = config.least_backoff;
  for (std::uint32_t i = 0; i < doublings && full < config.most_backoff; ++i) full *= 2;
  full = std::min(full, config.most_backoff);
  return rng.between(full / 2, full);
}

Duration longer(Duration timeout) {
  return std::min<Duration>(timeout * 2, std::chrono::hours(1));
}

Treatment treat(const Error& error) {
  // Only what is in a bucket of the map is ever sent: the worker's map is behind.
  if (error.code == ErrorCode::unknown_bucket) return Treatment::try_again;
  if (error.code == ErrorCode::wrong_worker) return Treatment::fetch_map;
  const Remedy what = remedy(error.code);
  const bool again = what == Remedy::retry || what == Remedy::ask_again;
  return again ? Treatment::try_again : Treatment::give_up;
}

Error concluded(const Pending& call, const Error& error) {
  if (!call.may_be_done()) return error;
  return unknown_outcome(call,
                         fmt::format("an earlier attempt is open, and a later one was refused "
                                     "with {}: {}",
                                     error_name(error.code), error.message));
}

Error expired(const Pending& call, const Session& session, bool is_write) {
  const std::string after = in_milliseconds(call.deadline - call.started);
  if (is_write && call.may_be_done()) {
    return unknown_outcome(call,
                           fmt::format("no answer within {}, after {}", after, attempts_of(call)));
  }
  if (call.deadline <= call.started) {
    return {ErrorCode::deadline_exceeded, "its deadline had passed before it was started"};
  }
  // A broker that has answered before may be waiting for a worker: not yet known to be gone.
  if (!session.ready() && !session.heard_since(call.started)) {
    return {ErrorCode::unavailable, fmt::format("no broker answered within {}", after)};
  }
  if (call.refusal) {
    const ErrorCode code =
        tells_more(call.refusal->code) ? call.refusal->code : ErrorCode::deadline_exceeded;
    return {code, fmt::format("{} (the deadline of {} has passed, after {})", call.refusal->message,
                              after, attempts_of(call))};
  }
  if (call.attempts == 0 && !session.ready()) {
    const std::string reason =
        session.reason() ? session.reason()->message : "its broker stopped answering";
    return {ErrorCode::unavailable,
            fmt::format("the cluster was not ready within {}: {}", after, reason)};
  }
  const std::string what =
      call.attempts == 0 ? "it was never sent" : "no answer came to " + attempts_of(call);
  return {ErrorCode::deadline_exceeded,
          fmt::format("the deadline of {} has passed, and {}", after, what)};
}

Error cancelled(const Pending& call, bool is_write) {
  if (is_write && call.may_be_done()) return unknown_outcome(call, "cancelled before its answer");
  return {ErrorCode::cancelled, "cancelled by the caller"};
}

}  // namespace kipu::client
