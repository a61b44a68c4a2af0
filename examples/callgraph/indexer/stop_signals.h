// SIGINT and SIGTERM as a wish to stop, not as an end.
#pragma once

#include <atomic>

namespace callgraph {

// While one exists, these signals set requested() and make fd() readable; the handlers of before
// come back with its end.
//
// Thread rule: one at a time in a process; its methods from any thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  const std::atomic<bool>& requested() const;
  int fd() const { return fd_; }  // for poll

 private:
  int fd_ = -1;
};

}  // namespace callgraph
