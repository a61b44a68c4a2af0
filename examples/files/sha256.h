// SHA-256 (FIPS 180-4), by libcrypto: the names of chunks, and the proof that a file is what it
// was.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace files {

using Sum = std::array<unsigned char, 32>;

// Of bytes that come piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  void update_zeros(std::uint64_t count);
  // Once; nothing may follow.
  [[nodiscard]] Sum finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] Sum sha256(std::string_view bytes);

// 64 hex digits.
[[nodiscard]] std::string hex(const Sum& sum);

// The 32 bytes themselves, as a key or within a record.
[[nodiscard]] inline std::string_view bytes_of(const Sum& sum) {
  return {reinterpret_cast<const char*>(sum.data()), sum.size()};
}

}  // namespace files
