#include "examples/callgraph/indexer/stop_signals.h"

#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace callgraph {

namespace {

// A handler of signals has no other way to learn where to say it.
std::atomic<bool> signal_came = false;
std::atomic<int> signal_fd = -1;
struct sigaction before_interrupt{};
struct sigaction before_terminate{};

extern "C" void request_stop(int) {
  signal_came = true;
  const std::uint64_t one = 1;
  const int fd = signal_fd;
  if (fd >= 0) (void)!::write(fd, &one, sizeof one);
}

}  // namespace

StopSignals::StopSignals() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  signal_came = false;
  signal_fd = fd_;
  struct sigaction action{};
  action.sa_handler = request_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the process
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_interrupt);
  sigaction(SIGTERM, &action, &before_terminate);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &before_interrupt, nullptr);
  sigaction(SIGTERM, &before_terminate, nullptr);
  signal_fd = -1;
  if (fd_ >= 0) ::close(fd_);
}

const std::atomic<bool>& StopSignals::requested() const {
  return signal_came;
}

}  // namespace callgraph
