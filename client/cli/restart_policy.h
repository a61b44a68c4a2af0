// When a process that ended is started again.
#pragma once

#include <optional>

#include "base/time.h"

namespace kipu::cli {

// At once; with growing delays while it ends again and again soon after its start; slowly when its
// disk or its files ended it twice within ten minutes, since that needs a human (DESIGN 8), who may
// come at any time.
class RestartPolicy {
 public:
  // It ran from `started` to `now`, and said by its exit code whether its disk or its files ended
  // it. Returns how long to wait.
  [[nodiscard]] Duration on_exit(Instant started, Instant now, bool broken);

 private:
  unsigned quick_ends_ = 0;  // in a row
  std::optional<Instant> last_broken_;
};

}  // namespace kipu::cli
