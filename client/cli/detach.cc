#include "client/cli/detach.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

// What the detached process tells the one that a user waits for: `+` and the report as it is to be
// shown, or `-`, the number of an error's code, a blank, and its message.
void tell(int pipe, std::string_view message) {
  while (!message.empty()) {
    const ssize_t taken = ::write(pipe, message.data(), message.size());
    if (taken < 0 && errno != EINTR) break;
    if (taken > 0) message.remove_prefix(static_cast<std::size_t>(taken));
  }
  ::close(pipe);
}

Result<Exit> hear(int pipe, const fs::path& log, Output& out) {
  std::string message;
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = ::read(pipe, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0) message.append(bytes.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe);
  if (message.starts_with('+')) {
    out.write(message.substr(1));
    return Exit::done;
  }
  std::uint16_t number = 0;
  const char* const end = message.data() + message.size();
  const char* after = message.data();
  if (message.starts_with('-')) after = std::from_chars(after + 1, end, number).ptr;
  const auto code = error_code_from_number(number);
  if (!code || after == end) {
    return fail(ErrorCode::internal,
                fmt::format("the cluster ended before it served; see {}", log.string()));
  }
  return fail(*code, std::string(after + 1, end));
}

// Leaves the terminal, and what it was given to read and write.
void leave_terminal(const fs::path& log) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(file < 0 ? null : file, STDOUT_FILENO);
    ::dup2(file < 0 ? null : file, STDERR_FILENO);
    ::close(null);
  }
  if (file >= 0) ::close(file);
}

[[noreturn]] void stay(const fs::path& log, int pipe,
                       const std::function<Result<Exit>(const Tell&)>& work) {
  leave_terminal(log);
  bool told = false;
  const auto exit = work([&](const std::string& text) {
    tell(pipe, "+" + text);
    told = true;
  });
  if (!exit && !told) {
    tell(pipe, fmt::format("-{} {}", static_cast<int>(exit.error().code), exit.error().message));
  }
  ::_exit(static_cast<int>(exit ? *exit : exit_of(exit.error().code)));
}

}  // namespace

// Two forks, so that nobody has to wait for the one that stays.
Result<Exit> run_detached(const fs::path& log, Output& out,
                          const std::function<Result<Exit>(const Tell&)>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::io_error, fmt::format("pipe: {}", std::strerror(errno)));
  }
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::io_error, fmt::format("fork: {}", std::strerror(errno)));
  if (child == 0) {
    ::close(ends[0]);
    if (::fork() != 0) ::_exit(0);
    stay(log, ends[1], work);
  }
  ::close(ends[1]);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return hear(ends[0], log, out);
}

}  // namespace kipu::cli
