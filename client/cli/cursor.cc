#include "client/cli/cursor.h"

#include <charconv>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

template <class T>
bool parse_hex(std::string_view text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string Cursor::to_string() const {
  return fmt::format("{}-{:016x}-{:x}", id.stamp.to_string(), id.digest.bits, index);
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
  constexpr std::size_t kStamp = 32;
  constexpr std::size_t kDigest = 16;
  if (text.size() < kStamp + kDigest + 3) return std::nullopt;
  if (text[kStamp] != '-' || text[kStamp + 1 + kDigest] != '-') return std::nullopt;
  const auto stamp = Stamp::parse(text.substr(0, kStamp));
  Cursor cursor;
  if (!stamp || !parse_hex(text.substr(kStamp + 1, kDigest), cursor.id.digest.bits) ||
      !parse_hex(text.substr(kStamp + kDigest + 2), cursor.index)) {
    return std::nullopt;
  }
  cursor.id.stamp = *stamp;
  return cursor;
}

}  // namespace kipu::cli
