// Small files that a daemon keeps: read whole, replaced whole and durably, locked.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kipu::daemon {

// `io_error`, which names the file and the reason.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& file);

// Replaces `file` by write, fsync, rename, fsync of the directory: after a crash it is the old one
// or the new one, whole. `io_error`.
[[nodiscard]] Status write_durably(const std::filesystem::path& file, std::string_view bytes);

// Held until it dies, or the process does.
class FileLock {
 public:
  // Creates `file` if there is none. `in_use` if another process holds it; `io_error`.
  [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace kipu::daemon
