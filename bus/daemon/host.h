// What a daemon asks of the system that runs it: signals, limits, the word that it is ready.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace kipu::daemon {

// Blocks the signals that SignalWatcher hands on, and ignores SIGPIPE. First thing in main():
// threads inherit it.
void block_signals();

// Hands on SIGTERM and SIGINT to `on_stop`, SIGHUP to `on_reopen`, on a thread of its own: what
// came since block_signals() too.
class SignalWatcher {
 public:
  SignalWatcher(std::function<void()> on_stop, std::function<void()> on_reopen);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void watch();

  const std::function<void()> on_stop_;
  const std::function<void()> on_reopen_;
  const int signals_;
  const int ending_;
  std::thread thread_;
};

// From now on this process gets SIGTERM when its parent's thread that started it ends.
// `unavailable` if the parent is gone already, or whoever read a pipe that standard output is.
[[nodiscard]] Status die_with_parent();

// Raises the soft limit of file descriptors to the hard one, and returns it; `io_error` if that is
// too low for a daemon without any peer.
[[nodiscard]] Result<std::uint64_t> raise_descriptor_limit();

// What this process makes from now on, its log too, is for its owner alone.
void keep_files_private();

// All threads allocate from one heap from now on, so that what one has freed serves the others: a
// process that passes messages between few threads would else hold its largest need once for each.
// REQUIRES: the process has one thread.
void share_one_heap();

// Writes a line to stdout, for whoever started the daemon: it serves now. False if stdout did not
// take it: nobody can tell that the daemon serves, and it is to end.
[[nodiscard]] bool announce(std::string_view line);

// What a daemon that `error` ended exits with: 5 where a disk or a file failed, which no restart
// mends, so that its supervisor can tell; else 1.
[[nodiscard]] int exit_code_of(const Error& error);

// Says on stderr what ended `program`; returns exit_code_of(error).
int complain(std::string_view program, const Error& error);

}  // namespace kipu::daemon
