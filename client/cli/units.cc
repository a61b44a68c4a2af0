#include "client/cli/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

using std::chrono::duration_cast;

tl::unexpected<Error> no_such(std::string_view what, std::string_view text, std::string_view like) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no {}: write {}", in_quotes(text), what, like));
}

// A decimal number at the start of `text`, which is left with what follows it.
std::optional<double> take_decimal(std::string_view& text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Exactly `digits` digits at the start of `text`, which is left with what follows them.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::milliseconds> take_clock(std::string_view& text) {
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !take(text, ':')) return std::nullopt;
  const auto seconds = take_digits(text, 2);
  if (!seconds || *seconds > 60) return std::nullopt;
  std::chrono::milliseconds clock =
      std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
  if (!take(text, '.')) return clock;
  int scale = 100;
  bool any = false;
  while (const auto digit = take_digits(text, 1)) {
    clock += std::chrono::milliseconds(*digit * scale);
    scale /= 10;
    any = true;
  }
  if (!any) return std::nullopt;
  return clock;
}

// `Z`, or the distance from UTC.
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  if (text.empty()) return WallTime(*date);
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  return WallTime(*date) + *clock - *zone;
}

std::optional<Duration> read_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  static constexpr std::array kUnits{Unit{"us", 1e3},       Unit{"ms", 1e6},
                                     Unit{"s", 1e9},        Unit{"m", 60 * 1e9},
                                     Unit{"h", 3600 * 1e9}, Unit{"d", 86400 * 1e9}};
  const auto number = take_decimal(text);
  if (!number) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text != unit.name) continue;
    const double nanoseconds = *number * unit.nanoseconds;
    if (nanoseconds > 9e18) return std::nullopt;
    return Duration(static_cast<std::int64_t>(nanoseconds));
  }
  return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return no_such("number", text, "a whole number such as 10");
  }
  return number;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto duration = read_duration(text);
  if (!duration) return no_such("duration", text, "250ms, 5s, 10m, 2h or 7d");
  return *duration;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_decimal(rest);
  double factor = 0;
  if (rest.empty() || rest == "B") factor = 1;
  if (rest == "KiB" || rest == "K") factor = 1024;
  if (rest == "MiB" || rest == "M") factor = 1024.0 * 1024;
  if (rest == "GiB" || rest == "G") factor = 1024.0 * 1024 * 1024;
  if (!number || factor == 0 || *number * factor > 9e18) {
    return no_such("size", text, "512, 64KiB or 1MiB");
  }
  return static_cast<std::uint64_t>(*number * factor);
}

Result<WallTime> parse_time(std::string_view text, WallTime now) {
  if (const auto time = parse_rfc3339(text)) return *time;
  if (text == "now") return now;
  const auto ago = read_duration(text);
  if (!ago) return no_such("time", text, "2026-05-06T07:08:09Z, or a duration ago such as 10m");
  return now - duration_cast<std::chrono::milliseconds>(*ago);
}

Result<Level> parse_level(std::string_view text) {
  for (const Level level : {Level::one, Level::quorum, Level::all, Level::none}) {
    if (text == level_name(level)) return level;
  }
  return no_such("level", text, "one, quorum, all, or (writes only) none");
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::bucket_default:
      return "default";
    case Level::one:
      return "one";
    case Level::quorum:
      return "quorum";
    case Level::all:
      return "all";
    case Level::none:
      return "none";
  }
  return "default";
}

std::string_view mode_name(BucketMode mode) {
  return mode == BucketMode::wmrm ? "wmrm" : "worm";
}

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string format_duration(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0.001) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto size = static_cast<double>(bytes) / 1024;
  for (const std::string_view unit : {"KiB", "MiB", "GiB"}) {
    if (size < 1024) return fmt::format("{:.1f} {}", size, unit);
    size /= 1024;
  }
  return fmt::format("{:.1f} TiB", size);
}

std::string format_number(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace kipu::cli
