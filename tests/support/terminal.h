// A program on a terminal of its own, into which a test types: a pseudo-terminal, as a person's
// would be.
//
// Thread rule: the main thread (see tests/support/process.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "tests/support/process.h"

namespace kipu::test {

class Terminal {
 public:
  // Starts `command[0]`, a path, as the leader of a session on a terminal of 24 lines of 200
  // characters. Of `options`, `input` has no meaning. Throws std::runtime_error if it cannot.
  Terminal(const std::vector<std::string>& command, const Process::Options& options);
  ~Terminal();  // kills it, if it still runs
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // As keys are pressed; "\t" is Tab, "\r" is Enter, "\x1b[A" is the up arrow.
  void type(std::string_view keys) const;
  void signal(int number) const;  // sends it to the program alone
  // Waits until `text` has been written behind what was waited for before, control sequences left
  // out; false if it is not within kPatience. Throws std::runtime_error if the program has ended.
  [[nodiscard]] bool shows(std::string_view text);
  // All that it has written, without control sequences: for messages of tests.
  const std::string& written() const { return written_; }
  // Waits for its end. After kPatience it is killed, which shows.
  Ended wait();

 private:
  bool read_more();

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string raw_;  // read, and not yet known to be a whole control sequence
  std::string written_;
  std::size_t looked_at_ = 0;
};

}  // namespace kipu::test
