// Processes that `up` starts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace kipu::cli {

struct Child {
  pid_t pid = -1;
  // To read its standard output and error; not blocking; the caller closes them.
  int output = -1;
  int errors = -1;
};

// Starts a program with its arguments, in a process group of its own (so that a terminal's Ctrl-C
// reaches only us), signals as by default, input empty. Call it before any ZeroMQ context exists.
[[nodiscard]] Result<Child> spawn(const std::vector<std::string>& words);

void close_pipes(Child& child);

// All that is there to be read now; closes a pipe at its end, and takes a closed one for empty.
[[nodiscard]] std::string take_all(int& pipe);

struct Finished {
  int status = 0;  // as waitpid() gives it
  std::string output;
};

// Runs a program to its end, and returns what it wrote to standard output and error. One that has
// not ended in time, since its disk hangs, is killed and left behind: `deadline_exceeded`.
[[nodiscard]] Result<Finished> run_to_end(const std::vector<std::string>& words,
                                          std::chrono::milliseconds within);

// "exit code 3", "signal 9 (Killed)".
[[nodiscard]] std::string describe_exit(int status);

// The path of one of our programs: in KIPU_LIBEXEC, beside this one, where the build puts it, or in
// PATH. `io_error` if it is nowhere.
[[nodiscard]] Result<std::string> find_program(const std::string& name);

// The path of this program.
[[nodiscard]] std::string own_path();

// What `kipu-broker ready` and `kipu-worker ready` lines say: `name=value` words.
[[nodiscard]] std::optional<std::string> ready_field(std::string_view line, std::string_view name);

}  // namespace kipu::cli
