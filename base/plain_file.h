// Opening what should be a file, where anybody may have put something else: opening a named pipe
// waits for whoever is at its other end, and a device may have no end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"

namespace kipu {

// "a named pipe", "a socket" or "a device", if that is what `path` leads to; else empty.
[[nodiscard]] std::string_view special_kind(const std::filesystem::path& path);

// Opens a file, never waiting for anyone: its descriptor, which whoever asked closes. `corrupt` if
// what is there is no file, naming what it is; `io_error`. `flags` as open() takes them.
[[nodiscard]] Result<int> open_plain_file(const std::filesystem::path& path, int flags,
                                          mode_t mode = 0600);

// The first bytes of a file, `most` at the most. `corrupt` if it is none, `io_error`.
[[nodiscard]] Result<std::string> read_plain_file(const std::filesystem::path& path,
                                                  std::size_t most);

// That a log can be opened there: no pipe that nobody reads, and no socket. `io_error`.
[[nodiscard]] Status check_log_file(const std::filesystem::path& path);

// If something else than a file is there, how it is put aside.
[[nodiscard]] Error with_aside(Error error, const std::filesystem::path& path);

}  // namespace kipu
