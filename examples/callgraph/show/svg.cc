#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examples/callgraph/show/show.h"

namespace callgraph {
namespace {

namespace fs = std::filesystem;

// A file that only this process knows, gone with this object: the pipe to `dot` has one direction.
class ScratchFile {
 public:
  ScratchFile() {
    std::error_code failed;
    path_ = (fs::temp_directory_path(failed) / "callgraph-XXXXXX").string();
    const int handle = mkstemp(path_.data());
    made_ = handle >= 0;
    if (made_) close(handle);
  }
  ~ScratchFile() {
    if (made_) std::remove(path_.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bool write(const std::string& text) const {
    std::ofstream file(path_, std::ios::binary);
    file << text;
    return made_ && static_cast<bool>(file.flush());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

// A pipe from a process that this one starts.
class Pipe {
 public:
  Pipe() { made_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool made() const { return made_; }
  int input() const { return ends_[1]; }
  // All that comes until nobody writes any more.
  std::string read_all() {
    close_end(1);
    std::string output;
    std::array<char, 4096> part{};
    for (;;) {
      const ssize_t length = read(ends_[0], part.data(), part.size());
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) return output;
      output.append(part.data(), static_cast<std::size_t>(length));
    }
  }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) close(std::exchange(ends_[end], -1));
  }

  std::array<int, 2> ends_{-1, -1};
  bool made_ = false;
};

// Starts `dot`, which reads `file` and writes into `pipe`. 0, or what errno says.
int start_dot(const std::string& file, const Pipe& pipe, pid_t& process) {
  posix_spawn_file_actions_t actions;
  if (const int failed = posix_spawn_file_actions_init(&actions)) return failed;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, file.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe.input(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "dot";
  std::string format = "-Tsvg";
  const std::array<char*, 3> arguments{program.data(), format.data(), nullptr};
  const int failed = posix_spawnp(&process, "dot", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

int exit_status_of(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

kipu::Error no_graphviz() {
  return {kipu::ErrorCode::unsupported,
          "SVG is drawn by Graphviz, and there is no program `dot` in PATH: install the package "
          "graphviz, or write -o dot"};
}

kipu::Error not_drawn() {
  return {kipu::ErrorCode::io_error,
          "Graphviz could not draw this graph: a smaller --limit or --depth may help, -o dot shows "
          "what it was given"};
}

}  // namespace

kipu::Result<std::string> drawn(const std::string& dot) {
  const ScratchFile file;
  if (!file.write(dot)) {
    return kipu::fail(
        kipu::ErrorCode::io_error,
        fmt::format("cannot write {}: set TMPDIR to a directory with room", file.path()));
  }
  Pipe pipe;
  if (!pipe.made()) return kipu::fail(not_drawn());
  pid_t process = 0;
  const int failed = start_dot(file.path(), pipe, process);
  if (failed == ENOENT) return kipu::fail(no_graphviz());
  if (failed != 0) return kipu::fail(not_drawn());
  std::string output = pipe.read_all();
  if (exit_status_of(process) != 0 || output.empty()) return kipu::fail(not_drawn());
  return output;
}

}  // namespace callgraph
