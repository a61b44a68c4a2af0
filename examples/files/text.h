// Bytes, sizes and times as people read and write them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace files {

// Well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view bytes);

// For a terminal: control characters and what is not UTF-8 as \xNN, a backslash as two.
[[nodiscard]] std::string printable(std::string_view bytes);
// Printable, in single quotes, cut in the middle where it is long: for messages.
[[nodiscard]] std::string in_quotes(std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);

// `512 B`, `1.5 KiB`, `2.0 GiB`.
[[nodiscard]] std::string format_size(std::uint64_t bytes);
// `1,234,567`.
[[nodiscard]] std::string format_number(std::uint64_t number);
// `2026-05-06T07:08:09Z`.
[[nodiscard]] std::string format_time(std::int64_t seconds);
// `-rw-r--r--`, with `type` as the first letter.
[[nodiscard]] std::string format_mode(char type, std::uint32_t mode);

// Each of these fails with `invalid_argument`, and says what it would have taken.
[[nodiscard]] kipu::Result<std::uint64_t> parse_number(std::string_view text);
// `250ms`, `5s`, `10m`, `2h`, `7d`.
[[nodiscard]] kipu::Result<kipu::Duration> parse_duration(std::string_view text);
// RFC 3339 in UTC, a date alone (its midnight, UTC), or a duration before `now`.
[[nodiscard]] kipu::Result<kipu::WallTime> parse_time(std::string_view text, kipu::WallTime now);

// The one of `words` that was probably meant, if any is near.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view typed,
                                                      std::span<const std::string_view> words);

}  // namespace files
