// A seeded source of random numbers: the only one that machines may use.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace kipu {

// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018),
// seeded by splitmix64. The same seed gives the same numbers on every machine. Not for secrets.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  // Seeded by the operating system: for runtimes and programs, never for a machine under test.
  static Rng from_system();

  std::uint64_t next();
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // True once in `n` times on average. REQUIRES: n > 0.
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  // Uniform in [least, most]. REQUIRES: least <= most.
  Duration between(Duration least, Duration most);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace kipu
