#include "tests/sim/paths.h"

#include <algorithm>

namespace kipu::sim {

Paths::Way& Paths::way_between(const Process& from, const Process& to) {
  const std::pair key(from.number(), to.number());
  const auto found = ways_.find(key);
  if (found != ways_.end()) return found->second;
  const std::uint64_t seed = world_.options.seed ^ (std::uint64_t{from.number() + 1} << 40U) ^
                             (std::uint64_t{to.number() + 1} << 52U);
  return ways_.emplace(key, seed).first->second;
}

bool Paths::loses(Way& way) const {
  if (chance(way, options_.lost) || way.cut_until > world_.now()) return true;
  return way.thin_until > world_.now() && chance(way, way.thin_lost);
}

Duration Paths::delay(Way& way) const {
  const Duration most = chance(way, options_.slow) ? options_.slowest : options_.most_delay;
  const Duration usual = way.rng.between(options_.least_delay, most);
  return std::max(usual, way.clogged_until - world_.now());
}

void Paths::cut(const Process& from, const Process& to, Duration length) {
  way_between(from, to).cut_until = world_.now() + length;
}

void Paths::thin(const Process& from, const Process& to, std::uint32_t lost, Duration length) {
  Way& way = way_between(from, to);
  way.thin_until = world_.now() + length;
  way.thin_lost = lost;
}

void Paths::clog(const Process& from, const Process& to, Duration length) {
  way_between(from, to).clogged_until = world_.now() + length;
}

void Paths::heal() {
  options_.lost = options_.duplicated = options_.slow = options_.refused = options_.strayed = 0;
  options_.altered = 0;
  for (auto& [key, way] : ways_) {
    way.cut_until = way.thin_until = way.clogged_until = Duration::zero();
  }
}

}  // namespace kipu::sim
