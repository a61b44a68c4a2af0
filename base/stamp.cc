#include "base/stamp.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"

namespace kipu {
namespace {
constexpr std::uint64_t kLastMillisecond = (std::uint64_t{1} << 48U) - 1;
}

StampTime StampTime::at(WallTime wall) {
  const std::int64_t milliseconds = std::max<std::int64_t>(wall.time_since_epoch().count(), 0);
  const std::uint64_t kept = std::min(static_cast<std::uint64_t>(milliseconds), kLastMillisecond);
  return StampTime(kept << 16U);
}

WallTime StampTime::wall() const {
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(bits_ >> 16U)));
}

StampTime StampTime::plus(std::uint64_t steps) const {
  if (bits_ > ~std::uint64_t{0} - steps) return last();
  return StampTime(bits_ + steps);
}

std::optional<Stamp> Stamp::parse(std::string_view hex) {
  const auto bits = Uuid::parse(hex);
  if (!bits) return std::nullopt;
  return Stamp{StampTime(bits->high), bits->low};
}

std::string Stamp::to_string() const {
  return fmt::format("{:016x}{:016x}", time.bits(), writer);
}

Stamp HybridClock::next(WallTime wall) {
  last_ = std::max(StampTime::at(wall), last_.plus(1));
  return Stamp{last_, writer_};
}

void HybridClock::observe(WallTime wall, StampTime seen) {
  const auto ahead = std::chrono::floor<std::chrono::milliseconds>(max_ahead_);
  last_ = std::max(last_, std::min(seen, StampTime::at(wall + ahead)));
}

}  // namespace kipu
