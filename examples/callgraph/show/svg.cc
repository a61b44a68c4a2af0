#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "examples/callgraph/show/show.h"

namespace callgraph {
namespace {

namespace fs = std::filesystem;

constexpr int kNotFound = 127;  // what a shell says of a program that is not there

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

// The file stands in the environment, so that its name needs no quoting in the command.
std::string output_of_dot(const std::string& path, int& status) {
  setenv("CALLGRAPH_DOT_FILE", path.c_str(), 1);
  FILE* pipe = popen("exec dot -Tsvg \"$CALLGRAPH_DOT_FILE\" 2>/dev/null", "r");
  if (pipe == nullptr) {
    status = -1;
    return {};
  }
  std::string output;
  std::array<char, 4096> part{};
  while (const std::size_t length = fread(part.data(), 1, part.size(), pipe)) {
    output.append(part.data(), length);
  }
  status = pclose(pipe);
  return output;
}

}  // namespace

kipu::Result<std::string> drawn(const std::string& dot) {
  const ScratchFile file;
  if (!file.write(dot)) {
    return kipu::fail(
        kipu::ErrorCode::io_error,
        fmt::format("cannot write {}: set TMPDIR to a directory with room", file.path()));
  }
  int status = 0;
  std::string output = output_of_dot(file.path(), status);
  const bool exited = status >= 0 && WIFEXITED(status);
  if (exited && WEXITSTATUS(status) == 0 && !output.empty()) return output;
  if (exited && WEXITSTATUS(status) == kNotFound) {
    return kipu::fail(
        kipu::ErrorCode::unsupported,
        "SVG is drawn by Graphviz, and there is no program `dot` in PATH: install the "
        "package graphviz, or write -o dot");
  }
  return kipu::fail(kipu::ErrorCode::io_error,
                    "Graphviz could not draw this graph: a smaller --limit or --depth may help, -o "
                    "dot shows what it was given");
}

}  // namespace callgraph
