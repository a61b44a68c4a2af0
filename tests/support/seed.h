// The seed of a test that draws something: printed, and repeated with KIPU_TEST_SEED.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/random.h"

namespace kipu::test {

// What the environment variable KIPU_TEST_SEED says, else a new one. Prints it.
inline std::uint64_t drawn_seed() {
  const char* given = std::getenv("KIPU_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : Rng::from_system().next();
  std::printf("KIPU_TEST_SEED=%llu repeats what this test draws\n",
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace kipu::test
