#include "base/ids.h"

#include <charconv>

#include <fmt/format.h>

namespace kipu {
namespace {

std::optional<std::uint64_t> parse_hex64(std::string_view hex) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  if (error != std::errc{} || end != hex.data() + hex.size()) return std::nullopt;
  return number;
}

}  // namespace

Uuid Uuid::random(Rng& rng) {
  Uuid made{rng.next(), rng.next()};
  if (made.is_none()) made.low = 1;
  return made;
}

std::optional<Uuid> Uuid::parse(std::string_view hex) {
  if (hex.size() != 32) return std::nullopt;
  const auto high = parse_hex64(hex.substr(0, 16));
  const auto low = parse_hex64(hex.substr(16));
  if (!high || !low) return std::nullopt;
  return Uuid{*high, *low};
}

std::string Uuid::to_string() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

std::string WorkerId::to_string() const {
  return fmt::format("w{}", number);
}

}  // namespace kipu
