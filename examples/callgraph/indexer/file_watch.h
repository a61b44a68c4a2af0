// Follows the file system with inotify: tells when one of the watched files changed.
//
// Thread rule: one thread.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/result.h"

namespace callgraph {

class FileWatch {
 public:
  // `invalid_argument` if the system has no more watches, with the remedy.
  [[nodiscard]] static kipu::Result<FileWatch> open();
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&&) = delete;
  ~FileWatch();

  // Watches `files`, through their directories, so that a file that an editor replaces is seen.
  // Returns whether a directory is new: what changed in it before this call was not seen. A
  // directory that is not there is left out.
  [[nodiscard]] kipu::Result<bool> watch(const std::set<std::filesystem::path>& files);

  // Waits until a watched file changed and the changes paused, or until `stop_fd` is readable.
  // Returns whether a file changed.
  [[nodiscard]] kipu::Result<bool> wait(int stop_fd);

 private:
  explicit FileWatch(int fd) : fd_(fd) {}
  bool take_events();
  bool wait_once(int stop_fd, int milliseconds, bool& stopped);

  int fd_;
  std::map<std::filesystem::path, int> directories_;
  std::map<int, std::filesystem::path> by_watch_;
  std::set<std::filesystem::path> files_;
};

}  // namespace callgraph
