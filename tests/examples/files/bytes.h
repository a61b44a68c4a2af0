// Bytes that look random and are the same each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace files::test {

inline std::string random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes;
  bytes.reserve(count + 8);
  while (bytes.size() < count) {
    std::uint64_t word = engine();
    for (int i = 0; i < 8; ++i, word >>= 8U) bytes += static_cast<char>(word & 0xffU);
  }
  bytes.resize(count);
  return bytes;
}

}  // namespace files::test
