#include "client/cli/restart_policy.h"

#include <algorithm>
#include <cstdint>

namespace kipu::cli {
namespace {

constexpr Duration kLongRun = std::chrono::seconds(10);
constexpr Duration kFirstDelay = std::chrono::milliseconds(500);
constexpr Duration kLongestDelay = std::chrono::seconds(30);
constexpr Duration kIoErrorMemory = std::chrono::minutes(10);

}  // namespace

std::optional<Duration> RestartPolicy::on_exit(Instant started, Instant now, bool io_error) {
  if (io_error) {
    if (last_io_error_ && now - *last_io_error_ < kIoErrorMemory) return std::nullopt;
    last_io_error_ = now;
  }
  quick_ends_ = now - started < kLongRun ? quick_ends_ + 1 : 0;
  if (quick_ends_ <= 1) return Duration::zero();
  const unsigned doublings = std::min(quick_ends_ - 2, 10U);
  return std::min(kFirstDelay * (std::int64_t{1} << doublings), kLongestDelay);
}

}  // namespace kipu::cli
