// What all parts of one run share: the time, the randomness, the trace and the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/random.h"
#include "tests/sim/checkers/verdict.h"
#include "tests/sim/marks.h"
#include "tests/sim/options.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/totals.h"
#include "tests/sim/trace.h"

namespace kipu::sim {

struct World {
  World(const Options& chosen, Print print)
      : options(chosen), rng(chosen.seed ^ 0x6b697075U), trace(print) {}

  Duration now() const { return scheduler.now(); }
  void note(const std::string& who, std::string_view what, std::uint64_t number = 0,
            std::string_view bytes = {}) {
    trace.note(now(), who, what, number, bytes);
  }
  void log(const std::string& who, const std::vector<LogLine>& lines) {
    for (const LogLine& line : lines) {
      trace.tell(now(), who, line.text);
      marks.read(line.text);
    }
  }

  const Options options;
  Rng rng;
  Scheduler scheduler;
  Trace trace;
  Verdict verdict;
  Totals totals;
  Marks marks;
  std::uint32_t processes = 0;  // made so far
  // A disk was lost then; by this long after, all have told one another where they stand.
  Duration lost_disk_at{std::chrono::minutes(-1)};
  bool settled() const { return now() >= lost_disk_at + std::chrono::seconds(10); }
};

}  // namespace kipu::sim
