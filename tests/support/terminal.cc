#include "tests/support/terminal.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kipu::test {
namespace {

constexpr int kPollMilliseconds = 100;

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

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
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  const int terminal = open(side, O_RDWR);  // which makes it the terminal of the session
  if (terminal < 0 || chdir(directory) != 0) _exit(127);
  for (int standard = 0; standard <= 2; ++standard) dup2(terminal, standard);
  if (terminal > 2) close(terminal);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<std::string> environment_with(const Process::Options& options) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view name = std::string_view(*at).substr(0, std::strcspn(*at, "="));
    bool replaced = name == "TERM" || name == "LC_ALL";
    for (const auto& [other, value] : options.environment) replaced = replaced || name == other;
    if (!replaced) all.emplace_back(*at);
  }
  for (const auto& [name, value] : options.environment) all.push_back(name + '=' + value);
  all.emplace_back("TERM=xterm");
  all.emplace_back("LC_ALL=C.UTF-8");
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
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
  std::vector<std::string> variables = environment_with(options);
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
  return WIFEXITED(status) ? Ended{WEXITSTATUS(status), 0} : Ended{-1, WTERMSIG(status)};
}

}  // namespace kipu::test
