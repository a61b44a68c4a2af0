// A hash of 128 bits: where so many things are told apart by it, or summed up, that the 64 bits of
// base/digest.h would be too few.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace kipu {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// XXH3-128 with seed 0.
[[nodiscard]] Hash128 hash128(std::string_view bytes);

}  // namespace kipu
