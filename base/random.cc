#include "base/random.h"

#include <bit>
#include <random>

#include "base/check.h"

namespace kipu {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) word = splitmix64(seed);
}

Rng Rng::from_system() {
  std::random_device device;
  const std::uint64_t high = device();
  return Rng((high << 32U) | device());
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  KIPU_CHECK(bound > 0);
  // Rejection keeps the result uniform: numbers below `excess` would favour small remainders.
  const std::uint64_t excess = (0 - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < excess) drawn = next();
  return drawn % bound;
}

Duration Rng::between(Duration least, Duration most) {
  KIPU_CHECK(least <= most);
  const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + Duration(static_cast<std::int64_t>(below(span)));
}

}  // namespace kipu
