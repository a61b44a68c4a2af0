// When a process that ended is started again.
#pragma once

#include <optional>

#include "base/time.h"

namespace kipu::cli {

// At once; with growing delays while it ends again and again soon after its start; not at all when
// an I/O error ended it twice within ten minutes, since its disk needs a human (DESIGN 8).
class RestartPolicy {
 public:
  // It ran from `started` to `now`, and said by its exit code whether an I/O error ended it.
  // Returns how long to wait, or nothing: it stays down.
  [[nodiscard]] std::optional<Duration> on_exit(Instant started, Instant now, bool io_error);

 private:
  unsigned quick_ends_ = 0;  // in a row
  std::optional<Instant> last_io_error_;
};

}  // namespace kipu::cli
