// One run: a whole cluster in one thread, from one seed. First faults, under which no invariant may
// break; then none, under which every call must succeed, and everything acknowledged must be there.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/sim/checkers/verdict.h"
#include "tests/sim/options.h"
#include "tests/sim/world.h"

namespace kipu::sim {

struct Report {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  // of everything that happened: equal for two runs of the same options
  std::uint64_t steps = 0;
  Duration virtual_time{0};
  std::uint32_t strikes = 0;  // of the nemesis, those that were left out too
  Totals totals;
  Marks marks;
  std::optional<Violation> violation;
};

// `print`: what of it goes to standard output.
[[nodiscard]] Report simulate(const Options& options, Print print = Print::nothing);

}  // namespace kipu::sim
