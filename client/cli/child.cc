#include "client/cli/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/config.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

// posix_spawn's two option objects, freed whatever happens.
class SpawnOptions {
 public:
  SpawnOptions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  void own_group_and_default_signals() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes,
        static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

tl::unexpected<Error> system_error(std::string_view what, int number) {
  return fail(ErrorCode::io_error, fmt::format("{}: {}", what, std::strerror(number)));
}

bool is_program(const fs::path& path) {
  return ::access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path);
}

std::optional<std::string> in_path(const std::string& name) {
  std::string path = environment("PATH").value_or("");
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const fs::path candidate = fs::path(path.substr(0, colon)) / name;
    if (is_program(candidate)) return candidate.string();
    path.erase(0, colon == std::string::npos ? colon : colon + 1);
  }
  return std::nullopt;
}

// False if there is more to come at `deadline`.
bool read_all(int descriptor, std::chrono::steady_clock::time_point deadline, std::string& into) {
  std::array<char, 4096> bytes{};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd source{descriptor, POLLIN, 0};
    if (::poll(&source, 1, static_cast<int>(left.count())) <= 0) continue;
    const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return true;
    if (got > 0) into.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void close_pipe(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

using Pipe = std::array<int, 2>;

void close_pipe(const Pipe& ends) {
  for (const int end : ends) ::close(end);
}

// Its errors go to a pipe of their own, or where its output goes.
Result<Child> start(const std::vector<std::string>& words, bool errors_apart, int pipe_flags) {
  Pipe output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
  Pipe errors = output;
  if (errors_apart && ::pipe2(errors.data(), O_CLOEXEC) != 0) {
    const int number = errno;
    close_pipe(output);
    return system_error("pipe", number);
  }
  SpawnOptions options;
  options.own_group_and_default_signals();
  posix_spawn_file_actions_addopen(&options.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&options.actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&options.actions, errors[1], STDERR_FILENO);
  std::vector<std::string> copies = words;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  Child child;
  const int failed = ::posix_spawn(&child.pid, words[0].c_str(), &options.actions,
                                   &options.attributes, pointers.data(), environ);
  if (failed != 0) {
    close_pipe(output);
    if (errors_apart) close_pipe(errors);
    return system_error(words[0], failed);
  }
  ::close(output[1]);
  child.output = output[0];
  if (pipe_flags != 0) ::fcntl(child.output, F_SETFL, pipe_flags);
  if (!errors_apart) return child;
  ::close(errors[1]);
  child.errors = errors[0];
  if (pipe_flags != 0) ::fcntl(child.errors, F_SETFL, pipe_flags);
  return child;
}

}  // namespace

void close_pipes(Child& child) {
  close_pipe(child.output);
  close_pipe(child.errors);
}

std::string take_all(int& descriptor) {
  std::string taken;
  std::array<char, 4096> bytes{};
  while (descriptor >= 0) {
    const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) close_pipe(descriptor);
    if (got <= 0) break;
    taken.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return taken;
}

Result<Child> spawn(const std::vector<std::string>& words) {
  return start(words, true, O_NONBLOCK);
}

Result<Finished> run_to_end(const std::vector<std::string>& words,
                            std::chrono::milliseconds within) {
  const auto child = start(words, false, 0);
  if (!child) return fail(child.error());
  Finished finished;
  const bool ended =
      read_all(child->output, std::chrono::steady_clock::now() + within, finished.output);
  ::close(child->output);
  if (!ended) {
    ::kill(child->pid, SIGKILL);
    return fail(ErrorCode::deadline_exceeded,
                fmt::format("{} has not ended within {} s: its disk may hang", words[0],
                            std::chrono::duration_cast<std::chrono::seconds>(within).count()));
  }
  while (::waitpid(child->pid, &finished.status, 0) < 0 && errno == EINTR) {
  }
  while (finished.output.ends_with('\n')) finished.output.pop_back();
  return finished;
}

std::string describe_exit(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

Result<std::string> find_program(const std::string& name) {
  const fs::path here = fs::path(own_path()).parent_path();
  std::vector<fs::path> candidates;
  if (const auto libexec = environment("KIPU_LIBEXEC"))
    candidates.push_back(fs::path(*libexec) / name);
  candidates.push_back(here / name);
  const std::string folder = name.substr(name.find('-') + 1);  // kipu-broker is built in broker/
  candidates.push_back(here.parent_path().parent_path() / folder / name);
  for (const fs::path& candidate : candidates) {
    if (is_program(candidate)) return candidate.string();
  }
  if (const auto found = in_path(name)) return *found;
  return fail(
      ErrorCode::io_error,
      fmt::format("{} is neither beside kipu nor in PATH: set KIPU_LIBEXEC to its folder", name));
}

std::string own_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string("kipu") : path.string();
}

std::optional<std::string> ready_field(std::string_view line, std::string_view name) {
  const std::string start = fmt::format(" {}=", name);
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view value = line.substr(at + start.size());
  return std::string(value.substr(0, value.find(' ')));
}

}  // namespace kipu::cli
