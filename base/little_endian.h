// Fixed-width integers as bytes: little-endian for values and digests, big-endian where the order
// of bytes must be the order of numbers.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>

namespace kipu {

static_assert(std::endian::native == std::endian::little, "Kipu runs on little-endian machines");

// Reads sizeof(T) bytes at `from`, of any alignment.
template <std::unsigned_integral T>
[[nodiscard]] T load_le(const char* from) {
  T number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

template <std::unsigned_integral T>
void append_le(std::string& to, T number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  to.append(bytes, sizeof number);
}

template <std::unsigned_integral T>
[[nodiscard]] T load_be(const char* from) {
  T number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<T>((number << 8U) | static_cast<unsigned char>(from[i]));
  }
  return number;
}

template <std::unsigned_integral T>
void append_be(std::string& to, T number) {
  char bytes[sizeof number];
  for (std::size_t i = sizeof number; i > 0; --i) {
    bytes[i - 1] = static_cast<char>(number & 0xffU);
    number = static_cast<T>(number >> 7U >> 1U);  // in two steps: T may be one byte wide
  }
  to.append(bytes, sizeof number);
}

}  // namespace kipu
