// A daemon's log: lines with time and level, to stderr or to a file that can be rotated away.
//
// Thread rule: any thread.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"

namespace kipu::daemon {

class Log {
 public:
  // Appends to `file`, or to stderr if that is empty; leaves out what is less than `least`.
  // `io_error` if the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(std::string file, LogLevel least);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // The line is out, as far as the kernel, when it returns.
  void write(const LogLine& line);
  // Opens the file by its name again, after someone renamed it. Goes on with the old one if that
  // fails, and says so there.
  void reopen();
  bool to_file() const;
  // As long as the log lives.
  LogSink sink() {
    return [this](const LogLine& line) { write(line); };
  }

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kipu::daemon
