// How many entries there are, and a digest over all of them that no order changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entry.h"
#include "base/hash128.h"

namespace kipu::cli {

// The digest is the sum, modulo 2^128, of XXH3-128 over each entry's identity:
//   u8 length of bucket, bucket, u32 length of key, key, u64 stamp time, u64 stamp writer,
//   u64 digest; integers little-endian.
// What an entry says is under its own digest, so that two equal tallies are of equal entries.
struct Tally {
  std::uint64_t entries = 0;
  Hash128 sum;

  void add(const Entry& entry);
  void add(const Tally& other);
  // The sum as 32 hex digits.
  std::string digest() const;
  static std::optional<Hash128> parse_digest(std::string_view hex);

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace kipu::cli
