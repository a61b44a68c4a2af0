#include "bus/daemon/host.h"

#include <array>
#include <iostream>
#include <utility>

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/descriptors.h"

namespace kipu::daemon {
namespace {

// For ZeroMQ, a store, a log, signals, and two peers.
constexpr std::size_t kLeastDescriptors = 48;

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

int open_signals() {
  const sigset_t set = watched_signals();
  return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

void block_signals() {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void keep_files_private() {
  constexpr mode_t kOthers = 0077;
  ::umask(kOthers | ::umask(kOthers));
}

SignalWatcher::SignalWatcher(std::function<void()> on_stop, std::function<void()> on_reopen)
    : on_stop_(std::move(on_stop)),
      on_reopen_(std::move(on_reopen)),
      signals_(open_signals()),
      ending_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { watch(); }) {
  KIPU_CHECK(signals_ >= 0 && ending_ >= 0);
}

SignalWatcher::~SignalWatcher() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(ending_, &one, sizeof one);
  thread_.join();
  close(signals_);
  close(ending_);
}

void SignalWatcher::watch() {
  for (;;) {
    std::array<pollfd, 2> sources{{{signals_, POLLIN, 0}, {ending_, POLLIN, 0}}};
    if (poll(sources.data(), sources.size(), -1) < 0) continue;
    if (sources[1].revents != 0) return;
    signalfd_siginfo caught{};
    if (read(signals_, &caught, sizeof caught) != sizeof caught) continue;
    if (caught.ssi_signo == SIGHUP) {
      on_reopen_();
    } else {
      on_stop_();
    }
  }
}

Status die_with_parent() {
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It may have ended just before: even before it was asked who it is, and then another process is
  // the parent by now. Whoever reads the ready line is gone then, too.
  pollfd reader{STDOUT_FILENO, 0, 0};
  const bool unread = poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR) != 0;
  if (getppid() == parent && !unread) return {};
  return fail(ErrorCode::unavailable, "the process that started this one has ended");
}

Result<std::uint64_t> raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  if (auto room = check_descriptors(kLeastDescriptors, "a daemon"); !room) {
    return fail(std::move(room).error());
  }
  return limit.rlim_cur;
}

void share_one_heap() {
  mallopt(M_ARENA_MAX, 1);
}

bool announce(std::string_view line) {
  std::cout << line << std::endl;
  return std::cout.good();
}

int exit_code_of(const Error& error) {
  const bool broken = error.code == ErrorCode::io_error || error.code == ErrorCode::corrupt;
  return broken ? 5 : 1;
}

int complain(std::string_view program, const Error& error) {
  std::cerr << std::string(program) + ": " + error.message + "\n";
  return exit_code_of(error);
}

}  // namespace kipu::daemon
