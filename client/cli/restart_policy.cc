#include "client/cli/restart_policy.h"

#include <algorithm>
#include <cstdint>

namespace kipu::cli {
namespace {

constexpr Duration kLongRun = std::chrono::seconds(10);
constexpr Duration kFirstDelay = std::chrono::milliseconds(500);
constexpr Duration kLongestDelay = std::chrono::seconds(30);
constexpr Duration kBrokenMemory = std::chrono::minutes(10);

}  // namespace

Duration RestartPolicy::on_exit(Instant started, Instant now, bool broken) {
  const bool again = broken && last_broken_ && now - *last_broken_ < kBrokenMemory;
  if (broken) last_broken_ = now;
  quick_ends_ = now - started < kLongRun ? quick_ends_ + 1 : 0;
  if (again) return kLongestDelay;
  if (quick_ends_ <= 1) return Duration::zero();
  const unsigned doublings = std::min(quick_ends_ - 2, 10U);
  return std::min(kFirstDelay * (std::int64_t{1} << doublings), kLongestDelay);
}

}  // namespace kipu::cli
