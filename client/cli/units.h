// Numbers, durations, sizes and times as people write and read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bucket.h"
#include "base/result.h"
#include "base/time.h"

namespace kipu::cli {

// Each of these fails with `invalid_argument`, and says what it would have taken.
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text);
// `250ms`, `5s`, `1.5m`, `2h`, `7d`.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// `512`, `64KiB`, `1MiB`, `2GiB`.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
// RFC 3339 (`2026-05-06T07:08:09Z`; a date alone is its midnight, UTC), or a duration before `now`.
[[nodiscard]] Result<WallTime> parse_time(std::string_view text, WallTime now);
// `one`, `quorum`, `all`, `none`.
[[nodiscard]] Result<Level> parse_level(std::string_view text);

[[nodiscard]] std::string_view level_name(Level level);
[[nodiscard]] std::string_view mode_name(BucketMode mode);
// To milliseconds, UTC: `2026-05-06T07:08:09.010Z`.
[[nodiscard]] std::string format_time(WallTime time);
// With the unit that suits: `12 µs`, `3.4 ms`, `5.0 s`, `3m12s`, `2h05m`, `3d04h`.
[[nodiscard]] std::string format_duration(Duration duration);
// `512 B`, `1.5 KiB`, `2.0 GiB`.
[[nodiscard]] std::string format_size(std::uint64_t bytes);
// With commas between thousands.
[[nodiscard]] std::string format_number(std::uint64_t number);

[[nodiscard]] WallTime wall_now();

}  // namespace kipu::cli
