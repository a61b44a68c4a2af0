// What it does, and what commands it, is in fsync_shim.h.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

using SyncFunction = int (*)(int);

enum class Mode { none, hang, slow, fail, kill_before, kill_after };

struct Command {
  Mode mode = Mode::none;
  long at = 1;
};

std::atomic<long> syncs{0};

Mode mode_named(const char* name) {
  if (std::strcmp(name, "hang") == 0) return Mode::hang;
  if (std::strcmp(name, "slow") == 0) return Mode::slow;
  if (std::strcmp(name, "fail") == 0) return Mode::fail;
  if (std::strcmp(name, "kill_before") == 0) return Mode::kill_before;
  if (std::strcmp(name, "kill_after") == 0) return Mode::kill_after;
  return Mode::none;
}

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::hang:
      return "hang";
    case Mode::slow:
      return "slow";
    case Mode::fail:
      return "fail";
    case Mode::kill_before:
      return "kill_before";
    case Mode::kill_after:
      return "kill_after";
    case Mode::none:
      break;
  }
  return "none";
}

Command command_of_file(const char* path) {
  char bytes[64] = {};
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = ::read(file, bytes, sizeof bytes - 1);
  ::close(file);
  if (size <= 0) return {};
  char name[16] = {};
  Command command;
  if (std::sscanf(bytes, "%15s %ld", name, &command.at) < 1) return {};
  command.mode = mode_named(name);
  return command;
}

Command current_command() {
  if (const char* control = std::getenv("KIPU_SHIM_CONTROL")) return command_of_file(control);
  Command command;
  if (const char* mode = std::getenv("KIPU_SHIM_MODE")) command.mode = mode_named(mode);
  if (const char* at = std::getenv("KIPU_SHIM_AT")) command.at = std::atol(at);
  return command;
}

void report(Mode mode, long count) {
  const char* path = std::getenv("KIPU_SHIM_REPORT");
  if (path == nullptr) return;
  char line[64];
  const int size = std::snprintf(line, sizeof line, "%s %ld\n", name_of(mode), count);
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  const ssize_t put = ::write(file, line, static_cast<std::size_t>(size));
  static_cast<void>(put);
  ::close(file);
}

bool is_log(int file) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size >= 4 && std::memcmp(path + size - 4, ".log", 4) == 0;
}

// Waits while the command is to hang; returns the one that follows.
Command wait_out(Command command) {
  while (command.mode == Mode::hang) {
    constexpr timespec kMillisecond{0, 1'000'000};
    ::nanosleep(&kMillisecond, nullptr);
    command = current_command();
  }
  return command;
}

void sleep_for_a_second() {
  constexpr timespec kSecond{1, 0};
  ::nanosleep(&kSecond, nullptr);
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

int sync_as_commanded(int file, SyncFunction real) {
  if (!is_log(file)) return real(file);
  const long count = ++syncs;
  Command command = current_command();
  if (count < command.at || command.mode == Mode::none) return real(file);
  report(command.mode, count);
  if (command.mode == Mode::hang) command = wait_out(command);
  switch (command.mode) {
    case Mode::slow:
      sleep_for_a_second();
      break;
    case Mode::fail:
      errno = EIO;
      return -1;
    case Mode::kill_before:
      die();
    case Mode::kill_after:
      real(file);
      die();
    case Mode::hang:
    case Mode::none:
      break;
  }
  return real(file);
}

SyncFunction real_function(const char* name) {
  return reinterpret_cast<SyncFunction>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int fdatasync(int file) {
  static const SyncFunction real = real_function("fdatasync");
  return sync_as_commanded(file, real);
}

extern "C" int fsync(int file) {
  static const SyncFunction real = real_function("fsync");
  return sync_as_commanded(file, real);
}
