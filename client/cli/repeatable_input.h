// Input that is read more than once: what an import is asked to do once is looked through before
// any of it is stored.
#pragma once

#include <sys/types.h>

#include "base/result.h"

namespace kipu::cli {

// Thread rule: one thread.
class RepeatableInput {
 public:
  // Reads from `descriptor`, which stays the caller's, from where it stands. What cannot be read
  // again, such as a pipe, is first copied whole into a file without a name, in TMPDIR or /tmp:
  // `io_error` if that has no room. `stop` says, after a signal, whether to give up (`cancelled`).
  [[nodiscard]] static Result<RepeatableInput> of(int descriptor, bool (*stop)());

  RepeatableInput(RepeatableInput&& other) noexcept;
  RepeatableInput& operator=(RepeatableInput&&) = delete;
  RepeatableInput(const RepeatableInput&) = delete;
  RepeatableInput& operator=(const RepeatableInput&) = delete;
  ~RepeatableInput();

  // To be read from its beginning; the next call begins again. `io_error`.
  [[nodiscard]] Result<int> begin();

 private:
  RepeatableInput(int descriptor, off_t start, bool own)
      : descriptor_(descriptor), start_(start), is_own_(own) {}

  int descriptor_;
  off_t start_;
  bool is_own_;  // to be closed
};

}  // namespace kipu::cli
