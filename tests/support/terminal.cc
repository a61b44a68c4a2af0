#include "tests/support/terminal.h"

#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/child.h"

namespace kipu::test {
namespace {

constexpr int kPollMilliseconds = 100;

int open_terminal() {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) fail_with_errno("openpt");
  const winsize size{24, 200, 0, 0};
  if (ioctl(terminal, TIOCSWINSZ, &size) != 0) fail_with_errno("size of a terminal");
  return terminal;
}

// In the child: nothing but calls that are safe after a fork.
[[noreturn]] void become(const char* side, const char* directory, char* const* arguments,
                         char* const* environment) {
  prepare_child();
  setsid();
  const int terminal = open(side, O_RDWR);  // which makes it the terminal of the session
  if (terminal < 0 || chdir(directory) != 0) _exit(127);
  for (int standard = 0; standard <= 2; ++standard) dup2(terminal, standard);
  if (terminal > 2) close(terminal);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

Variables on_a_terminal(Variables variables) {
  variables.emplace_back("TERM", "xterm");
  variables.emplace_back("LC_ALL", "C.UTF-8");
  return variables;
}

// How long the control sequence is that `bytes` begin with; nothing if it is not whole yet.
std::optional<std::size_t> control_sequence(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  if (bytes[1] != '[') return 2;
  for (std::size_t at = 2; at < bytes.size(); ++at) {
    if (bytes[at] >= '@' && bytes[at] <= '~') return at + 1;
  }
  return std::nullopt;
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& command, const Process::Options& options)
    : terminal_(open_terminal()) {
  std::array<char, 64> side{};
  if (ptsname_r(terminal_, side.data(), side.size()) != 0) fail_with_errno("ptsname");
  std::vector<std::string> words = command;
  std::vector<std::string> variables = environment_with(on_a_terminal(options.environment));
  const auto arguments = pointers_to(words);
  const auto environment = pointers_to(variables);
  const std::string directory = options.directory.empty() ? "." : options.directory.string();
  child_ = fork();
  if (child_ < 0) fail_with_errno("fork");
  if (child_ == 0) become(side.data(), directory.c_str(), arguments.data(), environment.data());
}

Terminal::~Terminal() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close(terminal_);
}

void Terminal::signal(int number) const {
  ::kill(child_, number);
}

void Terminal::type(std::string_view keys) const {
  while (!keys.empty()) {
    const ssize_t taken = ::write(terminal_, keys.data(), keys.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) fail_with_errno("type");
    keys.remove_prefix(static_cast<std::size_t>(taken));
  }
}

bool Terminal::shows(std::string_view text) {
  const auto has_come = [&] {
    const std::size_t at = written_.find(text, looked_at_);
    if (at == std::string::npos) return false;
    looked_at_ = at + text.size();
    return true;
  };
  return eventually([&] {
    if (has_come()) return true;
    if (!read_more()) throw std::runtime_error("the program has ended:\n" + written_);
    return false;
  });
}

// Waits a moment for more; false if the other side has been closed.
bool Terminal::read_more() {
  pollfd source{terminal_, POLLIN, 0};
  if (poll(&source, 1, kPollMilliseconds) <= 0) return true;
  std::array<char, 4096> block{};
  const ssize_t got = ::read(terminal_, block.data(), block.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  raw_.append(block.data(), static_cast<std::size_t>(got));
  std::size_t at = 0;
  while (at < raw_.size()) {
    if (raw_[at] != '\x1b') {
      written_ += raw_[at++];
      continue;
    }
    const auto length = control_sequence(std::string_view(raw_).substr(at));
    if (!length) break;
    at += *length;
  }
  raw_.erase(0, at);
  return true;
}

Ended Terminal::wait() {
  int status = 0;
  const bool ended = eventually([&] {
    (void)read_more();  // else it might wait for room to write
    return waitpid(child_, &status, WNOHANG) == child_;
  });
  if (!ended) {
    ::kill(child_, SIGKILL);
    waitpid(child_, &status, 0);
  }
  child_ = -1;
  return to_ended(status);
}

}  // namespace kipu::test
