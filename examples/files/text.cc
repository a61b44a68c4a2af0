#include "examples/files/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace files {
namespace {

using kipu::Duration;
using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::WallTime;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// The length of the UTF-8 sequence at the start, or 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view bytes) {
  const std::uint8_t lead = byte_at(bytes, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  const std::uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(bytes, 1) < least || byte_at(bytes, 1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(bytes, i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

bool is_control(std::string_view sequence) {
  const std::uint8_t lead = byte_at(sequence, 0);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  return lead == 0xC2 && byte_at(sequence, 1) < 0xA0;  // C1, which terminals obey
}

std::size_t edits(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::optional<WallTime> parse_date(std::string_view text) {
  const std::string copy(text);
  for (const char* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(copy.c_str(), format, &parts);
    if (end == nullptr || end != copy.c_str() + copy.size()) continue;
    return WallTime(std::chrono::seconds(timegm(&parts)));
  }
  return std::nullopt;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(sequence)) {
      for (const char c : sequence) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += sequence == "\\" ? "\\\\" : sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  return out;
}

std::string in_quotes(std::string_view bytes) {
  constexpr std::size_t kShown = 120;
  if (bytes.size() <= kShown) return '\'' + printable(bytes) + '\'';
  return fmt::format("'{}…{}' ({} bytes)", printable(bytes.substr(0, kShown / 2)),
                     printable(bytes.substr(bytes.size() - kShown / 2)), bytes.size());
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < count ? byte_at(bytes, at + i) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? kDigits[(group >> (18U - 6U * static_cast<unsigned>(i))) & 63U] : '=';
    }
  }
  return out;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (size >= 1023.95 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string format_number(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

std::string format_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return fmt::format("@{}", seconds);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string format_mode(char type, std::uint32_t mode) {
  std::string out(1, type);
  constexpr std::string_view kLetters = "rwxrwxrwx";
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    out += (mode >> (8 - i) & 1U) != 0 ? kLetters[i] : '-';
  }
  return out;
}

Result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && !text.empty()) return number;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no number: digits alone are taken", in_quotes(text)));
}

Result<Duration> parse_duration(std::string_view text) {
  using namespace std::chrono;
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::uint64_t kMost = 100'000;  // days that a Duration holds, of any unit
  for (const auto& [name, factor] : kUnits) {
    if (error == std::errc{} && unit == name && count <= kMost) {
      return milliseconds(static_cast<std::int64_t>(count) * factor);
    }
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no duration: write 250ms, 5s, 10m, 2h or 7d", in_quotes(text)));
}

Result<WallTime> parse_time(std::string_view text, WallTime now) {
  if (const auto date = parse_date(text)) return *date;
  if (const auto ago = parse_duration(text)) {
    return now - std::chrono::floor<std::chrono::milliseconds>(*ago);
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no time: write 2026-05-06T07:08:09Z, 2026-05-06, or 10m for ten "
                          "minutes ago",
                          in_quotes(text)));
}

std::optional<std::string_view> nearest(std::string_view typed,
                                        std::span<const std::string_view> words) {
  std::optional<std::string_view> best;
  std::size_t fewest = 1 + typed.size() / 3;
  for (const std::string_view word : words) {
    const std::size_t needed = edits(typed, word);
    if (needed > fewest || (best && needed == fewest)) continue;
    fewest = needed;
    best = word;
  }
  return best;
}

}  // namespace files
