#include "examples/callgraph/program/times.h"

#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace callgraph {
namespace {

using std::chrono::milliseconds;

// Takes exactly `digits` digits off the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + digits, value);
  if (failed != std::errc() || end != text.data() + digits || text.front() == '-') {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<kipu::WallTime> take_day(std::string_view& text) {
  const auto year = take(text, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return kipu::WallTime(std::chrono::sys_days(date));
}

std::optional<kipu::WallTime> end_of_date(std::string_view text) {
  const auto day = take_day(text);
  if (!day) return std::nullopt;
  if (text.empty()) return *day + std::chrono::days(1);
  if (!take_char(text, 'T') && !take_char(text, ' ')) return std::nullopt;
  const auto hour = take(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  kipu::WallTime at = *day + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  milliseconds length = std::chrono::minutes(1);
  if (take_char(text, ':')) {
    const auto second = take(text, 2);
    if (!second || *second > 60) return std::nullopt;
    at += std::chrono::seconds(*second);
    length = std::chrono::seconds(1);
  }
  if (length < std::chrono::minutes(1) && take_char(text, '.')) {
    const auto part = take(text, 3);
    if (!part) return std::nullopt;
    at += milliseconds(*part);
    length = milliseconds(1);
  }
  take_char(text, 'Z');
  if (!text.empty()) return std::nullopt;
  return at + length;
}

std::optional<kipu::WallTime> so_long_ago(std::string_view text, kipu::WallTime now) {
  std::int64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::int64_t kMost = 1'000'000'000;
  if (failed != std::errc() || count < 0 || count > kMost || unit.size() != 1) return std::nullopt;
  const kipu::WallTime end_of_now = now + milliseconds(1);
  switch (unit.front()) {
    case 's':
      return end_of_now - std::chrono::seconds(count);
    case 'm':
      return end_of_now - std::chrono::minutes(count);
    case 'h':
      return end_of_now - std::chrono::hours(count);
    case 'd':
      return end_of_now - std::chrono::days(count);
    default:
      return std::nullopt;
  }
}

}  // namespace

kipu::Result<kipu::StampTime> end_of(std::string_view text, kipu::WallTime now) {
  auto end = end_of_date(text);
  if (!end) end = so_long_ago(text, now);
  if (end) return kipu::StampTime::at(*end);
  return kipu::fail(kipu::ErrorCode::invalid_argument,
                    fmt::format("'{}' is no time: write a day 2026-05-06, a time "
                                "2026-05-06T07:08:09 in UTC, or how long ago: 90s, 15m, 3h, 2d",
                                text));
}

}  // namespace callgraph
