// For tests of real processes: children that never outlive the test, their output as it comes, and
// directories that vanish.
//
// Thread rule: an object belongs to one thread. Start children from the main thread: they end when
// the thread that started them does.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "tests/support/sanitizers.h"

namespace kipu::test {

// How long a test waits for what must happen. It passes only where something is broken.
inline constexpr std::chrono::seconds kPatience{kSanitized ? 120 : 30};

// A new, empty directory, removed with all that is in it: by its end, or, where the test is killed
// before, by the next test that makes one (remove_abandoned_directories).
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  // The one around it is locked as long as this process lives, which tells others that it is in
  // use: a store locks its own directory.
  std::filesystem::path around_;
  std::filesystem::path path_;
  int lock_ = -1;
};

// Removes the directories that killed tests left behind: those that nobody holds, and that are not
// so new that their owner may be about to.
void remove_abandoned_directories();

// How a process ended: with an exit code, or by a signal.
struct Ended {
  int exit_code = -1;  // -1: by a signal
  int signal = 0;
  friend bool operator==(const Ended&, const Ended&) = default;
};

class Process {
 public:
  struct Options {
    std::vector<std::pair<std::string, std::string>> environment;  // added to this process's
    std::string input;                     // its stdin, whole; then end of file
    bool keep_input_open = false;          // write() goes on; close_input() ends it
    std::filesystem::path directory = {};  // to run in; empty: this one
    int output = -1;                       // its stdout, instead of what output() returns
  };

  // Starts `command[0]` (a path, or a name in PATH). Throws std::runtime_error if it cannot.
  explicit Process(std::vector<std::string> command);
  Process(std::vector<std::string> command, Options options);
  ~Process();  // kills it, if it still runs
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;

  pid_t pid() const;

  // The first line of its stdout (or stderr), past those already returned, that contains `text`,
  // without its newline. Nothing if it ended, or kPatience passed, before such a line.
  std::optional<std::string> wait_for_line(std::string_view text);
  std::optional<std::string> wait_for_error_line(std::string_view text);

  // All that it has written so far.
  std::string output() const;
  std::string errors() const;

  void write(std::string_view bytes);
  void close_input();
  void kill(int signal);  // sends it
  bool running();
  // Waits until it has ended and its output is read. After kPatience it is killed, which shows.
  Ended wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Starts, waits, and returns all of it.
struct Finished {
  Ended ended;
  std::string output;
  std::string errors;
};
Finished run(std::vector<std::string> command, Process::Options options = {});

// Its stdout does not block, and is not read before it is full, or the program has ended.
enum class SlowReader { of_pipe, of_socket };
Finished run(std::vector<std::string> command, Process::Options options, SlowReader reader);

// What follows `name=` in a line of such words, up to the next blank: from a daemon's ready line.
std::string field_of(std::string_view line, std::string_view name);

// The path of a program of this build, such as program("kipu-broker").
std::string program(std::string_view name);

// A TCP port of 127.0.0.1 that was free a moment ago. Better: bind port 0, and ask which it is.
int free_port();

// Connects to that port of 127.0.0.1, sends as much of `bytes` as it takes, and closes.
void send_over_tcp(std::uint16_t port, std::string_view bytes);

inline constexpr std::chrono::milliseconds kPause{2};
void pause_between_checks(std::chrono::milliseconds length = kPause);

// Checks `holds` again and again until it is true; false if it is not within `patience`.
template <class Condition>
bool eventually(Condition holds, std::chrono::seconds patience = kPatience,
                std::chrono::milliseconds pause = kPause) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    pause_between_checks(pause);
  }
  return true;
}

}  // namespace kipu::test
