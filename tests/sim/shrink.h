// Tells a failure in fewer words: takes faults, operations and oddities away from a run that breaks
// an invariant, as long as what is left breaks it, too.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "tests/sim/simulation.h"

namespace kipu::sim {

struct Shrunk {
  Options options;
  Report report;         // of these
  std::size_t runs = 0;  // that it took to find them
};

using Simulate = std::function<Report(const Options&)>;

// After at most so many runs; `run` is simulate() but in tests.
// REQUIRES: run(options) breaks an invariant.
[[nodiscard]] Shrunk shrink(const Options& options, std::size_t most_runs, const Simulate& run);

// What is left to go wrong, and of what size the rest is: a few lines.
[[nodiscard]] std::string describe(const Shrunk& shrunk);

}  // namespace kipu::sim
