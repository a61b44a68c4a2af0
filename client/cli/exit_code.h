// The exit codes of `kipu`: a contract that scripts rest on.
#pragma once

#include "base/error.h"

namespace kipu::cli {

enum class Exit : int {
  done = 0,
  refused = 1,      // by the store: too large, unknown bucket, wrong mode, …
  usage = 2,        // the command line is wrong
  unreachable = 3,  // no broker, or no worker, answered
  unknown = 4,      // the deadline passed, or the outcome is unknown
  // Someone must look: status found trouble, a disk failed, data is unreadable; or standard output
  // did not take all that was written (base/standard_streams.h).
  unhealthy = 5,
  not_found = 6,  // the key has no value
  interrupted = 130,
};

// What a command that failed with `code` exits with.
[[nodiscard]] Exit exit_of(ErrorCode code);

}  // namespace kipu::cli
