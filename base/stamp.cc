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
  if (last_.wall() > wall + max_ahead_ && last_ > known_) {
    last_ = known_;
    ++writer_;
  }
  last_ = std::max(StampTime::at(wall), last_.plus(1));
  return Stamp{last_, writer_};
}

void HybridClock::chosen(WallTime wall, StampTime time) {
  last_ = std::max(last_, capped(wall, time));
}

void HybridClock::observe(WallTime wall, StampTime seen) {
  stored(capped(wall, seen));
}

void HybridClock::stored(StampTime time) {
  known_ = std::max(known_, time);
  last_ = std::max(last_, known_);
}

StampTime HybridClock::capped(WallTime wall, StampTime time) const {
  return std::min(time, StampTime::at(wall + max_ahead_));
}

}  // namespace kipu
