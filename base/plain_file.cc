#include "base/plain_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shell_quoted.h"

namespace kipu {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failure(std::string_view what, const fs::path& path, int error) {
  return fail(ErrorCode::io_error, fmt::format("cannot {} {}: {}", what, path.string(),
                                               std::generic_category().message(error)));
}

// Empty of a file.
std::string_view kind_of(mode_t mode) {
  if (S_ISREG(mode)) return {};
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISDIR(mode) ? "a directory" : "a device";
}

tl::unexpected<Error> no_file(const fs::path& path, mode_t mode) {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is {}, and no file", path.string(), kind_of(mode)));
}

}  // namespace

std::string_view special_kind(const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 || S_ISDIR(found.st_mode)) return {};
  return kind_of(found.st_mode);
}

Result<int> open_plain_file(const fs::path& path, int flags, mode_t mode) {
  struct stat found{};
  // Looked at first, too: opening is enough to have a device do something.
  if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return no_file(path, found.st_mode);
  }
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
  if (descriptor < 0) return failure("open", path, errno);
  if (::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode)) return descriptor;
  ::close(descriptor);
  return no_file(path, found.st_mode);
}

Result<std::string> read_plain_file(const fs::path& path, std::size_t most) {
  const auto descriptor = open_plain_file(path, O_RDONLY);
  if (!descriptor) return fail(descriptor.error());
  std::string text;
  std::array<char, 4096> bytes{};
  int error = 0;
  while (text.size() < most) {
    const ssize_t got =
        ::read(*descriptor, bytes.data(), std::min(bytes.size(), most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  ::close(*descriptor);
  if (error != 0) return failure("read", path, error);
  return text;
}

Status check_log_file(const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  if (!S_ISFIFO(found.st_mode) && !S_ISSOCK(found.st_mode)) return {};
  // One that somebody reads, such as standard error under a supervisor, is a log like any other.
  const int opened = ::open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
  if (opened >= 0) {
    ::close(opened);
    return {};
  }
  return fail(ErrorCode::io_error, fmt::format("{} is {} that nobody reads, and no file",
                                               path.string(), kind_of(found.st_mode)));
}

Error with_aside(Error error, const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return error;
  error.message += fmt::format(": `mv {} {}` puts it aside", shell_quoted(path.string()),
                               shell_quoted(path.string() + ".aside"));
  return error;
}

}  // namespace kipu
