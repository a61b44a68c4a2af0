// Hashes of Kipu: the digest that makes an entry's identity, and the hash that places keys.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace kipu {

// XXH3-64 with seed 0 (Collet, xxHash; specification doc/xxhash_spec.md).
[[nodiscard]] std::uint64_t hash64(std::string_view bytes);

// 64 bits over everything that an entry says; see digest_of in base/entry.h.
struct Digest {
  std::uint64_t bits = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

}  // namespace kipu
