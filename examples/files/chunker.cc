#include "examples/files/chunker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace files {
namespace {

// SplitMix64 (Steele et al., OOPSLA 2014) from a fixed seed: 256 numbers without a pattern.
constexpr std::array<std::uint64_t, 256> make_gears() {
  std::array<std::uint64_t, 256> gears{};
  std::uint64_t state = 0x4b697075;  // "Kipu"
  for (std::uint64_t& gear : gears) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111eb;
    gear = mixed ^ (mixed >> 31U);
  }
  return gears;
}

constexpr std::array<std::uint64_t, 256> kGears = make_gears();

// Bit i of the hash depends on the last i + 1 bytes, so the uppermost bits see the widest window.
// The paper spreads the bits of its masks to the same end.
constexpr std::uint64_t upper_bits(int count) {
  return ~std::uint64_t{0} << static_cast<unsigned>(64 - count);
}

}  // namespace

std::size_t first_chunk(std::string_view data, const ChunkSizes& sizes) {
  if (data.size() <= sizes.least) return data.size();
  const std::size_t end = std::min(data.size(), sizes.most);
  const std::size_t normal = std::min(end, sizes.normal);
  const int bits = std::clamp(std::countr_zero(sizes.normal), 3, 61);
  // Harder to cut before the normal size, easier after it: sizes gather around it.
  const std::uint64_t before = upper_bits(bits + 2);
  const std::uint64_t after = upper_bits(bits - 2);
  std::uint64_t hash = 0;
  std::size_t at = sizes.least;
  for (; at < normal; ++at) {
    hash = (hash << 1U) + kGears[static_cast<unsigned char>(data[at])];
    if ((hash & before) == 0) return at + 1;
  }
  for (; at < end; ++at) {
    hash = (hash << 1U) + kGears[static_cast<unsigned char>(data[at])];
    if ((hash & after) == 0) return at + 1;
  }
  return end;
}

}  // namespace files
