// What all parts of one run share: the time, the randomness, the trace and the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/random.h"
#include "tests/sim/checkers/verdict.h"
#include "tests/sim/options.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/trace.h"

namespace kipu::sim {

struct Totals {
  std::uint64_t acknowledged = 0;  // writes, by a worker that holds them
  std::uint64_t answered = 0;      // other calls that succeeded
  std::uint64_t refused = 0;       // calls that failed with another error than an unknown outcome
  std::uint64_t unknown = 0;       // calls whose outcome is unknown, those of crashed clients too
  std::uint64_t retries = 0;       // entries that were sent once more
  std::uint64_t crashes = 0;
  std::uint64_t faults = 0;  // crashes too; messages lost, late or duplicated are not counted
  std::uint64_t messages = 0;
};

struct World {
  World(const Options& chosen, bool print)
      : options(chosen), rng(chosen.seed ^ 0x6b697075U), trace(print) {}

  Duration now() const { return scheduler.now(); }
  void note(const std::string& who, std::string_view what, std::uint64_t number = 0,
            std::string_view bytes = {}) {
    trace.note(now(), who, what, number, bytes);
  }
  void log(const std::string& who, const std::vector<LogLine>& lines) {
    for (const LogLine& line : lines) trace.say(now(), who, line.text);
  }

  const Options options;
  Rng rng;
  Scheduler scheduler;
  Trace trace;
  Verdict verdict;
  Totals totals;
};

}  // namespace kipu::sim
