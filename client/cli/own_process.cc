#include "client/cli/own_process.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/plain_file.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDigits = 16;  // of a process's id

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> command_line(pid_t pid) {
  std::vector<std::string> words;
  std::istringstream text(text_of(fmt::format("/proc/{}/cmdline", pid)));
  std::string word;
  while (std::getline(text, word, '\0')) words.push_back(word);
  return words;
}

// By whatever names: the directory may have been reached through a link.
bool is_same_place(const fs::path& one, const fs::path& other) {
  std::error_code error;
  return one == other || fs::equivalent(one, other, error);
}

// What follows `name:` and blanks in /proc/PID/status.
std::string status_field(pid_t pid, std::string_view name) {
  std::istringstream text(text_of(fmt::format("/proc/{}/status", pid)));
  std::string line;
  while (std::getline(text, line)) {
    if (!line.starts_with(name) || line[name.size()] != ':') continue;
    const std::size_t at = line.find_first_not_of(" \t", name.size() + 1);
    return at == std::string::npos ? std::string() : line.substr(at);
  }
  return {};
}

}  // namespace

std::optional<pid_t> running_daemon(const ClusterFolder& folder, const std::string& name) {
  pid_t pid = 0;
  const std::string text = read_plain_file(folder.pid_file(name), kMostDigits).value_or("");
  std::from_chars(text.data(), text.data() + text.size(), pid);
  if (pid <= 0) return std::nullopt;
  const auto words = command_line(pid);
  if (words.empty()) return std::nullopt;
  const std::string program = fs::path(words[0]).filename().string();
  const auto data = std::find(words.begin(), words.end(), "--data");
  if (program != "kipu-broker" && program != "kipu-worker") return std::nullopt;
  if (data == words.end() || data + 1 == words.end()) return std::nullopt;
  if (!is_same_place(*(data + 1), folder.path() / name)) return std::nullopt;
  return pid;
}

std::vector<std::string> running_daemons(const ClusterFolder& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder.path() / "pids", error)) {
    const std::string name = file.path().filename().string();
    if (running_daemon(folder, name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool has_lock_open(const ClusterFolder& folder, pid_t pid) {
  std::error_code error;
  const fs::path lock = fs::canonical(folder.path() / "lock", error);
  if (error) return false;
  for (const auto& descriptor : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    if (fs::read_symlink(descriptor.path(), error) == lock) return true;
  }
  return false;
}

bool wait_for_end(pid_t pid, std::chrono::milliseconds within) {
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) return errno == ESRCH;
  pollfd source{descriptor, POLLIN, 0};
  const int ended = ::poll(&source, 1, static_cast<int>(within.count()));
  ::close(descriptor);
  return ended > 0;
}

char state_of_process(pid_t pid) {
  const std::string state = status_field(pid, "State");
  return state.empty() ? ' ' : state[0];
}

bool is_pending(pid_t pid, int signal) {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(signal - 1);
  for (const char* field : {"SigPnd", "ShdPnd"}) {
    const std::string hex = status_field(pid, field);
    std::uint64_t bits = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
    if ((bits & bit) != 0) return true;
  }
  return false;
}

}  // namespace kipu::cli
