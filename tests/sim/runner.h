// Runs many seeds, in several threads, and keeps what came of each in a file, so that a run that
// was ended goes on where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "tests/sim/simulation.h"

namespace kipu::sim {

struct Outcome {
  Totals totals;
  Marks marks;
  std::uint64_t cpu_microseconds = 0;
  std::optional<Violation> violation;
};
using Outcomes = std::map<std::uint64_t, Outcome>;  // by seed

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  unsigned jobs = 1;
  bool keep_going = false;  // past a seed that fails
  std::string progress;     // a file; empty: none is kept
};

// `run` makes one seed. Fails where the progress cannot be read or written, or is of another
// version, which `version` names.
[[nodiscard]] Result<Outcomes> run_seeds(const Seeds& seeds, const std::string& version,
                                         const std::function<Outcome(std::uint64_t)>& run);

// A line of the file, and back.
[[nodiscard]] std::string to_line(std::uint64_t seed, const Outcome& outcome);
[[nodiscard]] std::optional<std::pair<std::uint64_t, Outcome>> parse_line(const std::string& line);

}  // namespace kipu::sim
