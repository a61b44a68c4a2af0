// Time, in three kinds that never mix: lengths of time, points on a process's steady clock, and
// wall-clock time. Machines are told the time; only runtimes ask a clock.
#pragma once

#include <chrono>
#include <compare>

namespace kipu {

using Duration = std::chrono::nanoseconds;

// A point on a steady clock. It means nothing outside the process whose clock it is.
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant since_start(Duration elapsed) { return Instant(elapsed); }
  static constexpr Instant never() { return Instant(Duration::max()); }

  constexpr Duration since_start() const { return since_start_; }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Duration operator-(Instant a, Instant b) {
    return a.since_start_ - b.since_start_;
  }
  // Saturates, so that `now + Duration::max()` is never().
  friend constexpr Instant operator+(Instant at, Duration length) {
    if (length > Duration::zero() && at.since_start_ > Duration::max() - length) return never();
    return Instant(at.since_start_ + length);
  }

 private:
  constexpr explicit Instant(Duration since_start) : since_start_(since_start) {}
  Duration since_start_{0};
};

// Milliseconds since 1970, UTC, as stamps carry them.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// What a machine is told with every event.
struct Now {
  Instant instant;
  WallTime wall;
};

}  // namespace kipu
