#include "client/cli/repeatable_input.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/config.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{64} * 1024;

tl::unexpected<Error> no_copy(const std::string& folder) {
  return fail(ErrorCode::io_error,
              fmt::format("what is read from a pipe is first copied into {}: {}; set TMPDIR to a "
                          "folder with room, or name a file instead",
                          folder, std::strerror(errno)));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(descriptor, bytes.data(), bytes.size());
    if (taken < 0 && errno != EINTR) return false;
    if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return true;
}

Status copy_all(int from, int to, const std::string& folder, bool (*stop)()) {
  std::array<char, kCopyBytes> bytes{};
  while (true) {
    const ssize_t got = ::read(from, bytes.data(), bytes.size());
    if (got == 0) return {};
    if (got < 0 && errno == EINTR && !stop()) continue;
    if (got < 0 && errno == EINTR) {
      return fail(ErrorCode::cancelled, "interrupted before anything was stored");
    }
    if (got < 0) {
      return fail(ErrorCode::io_error,
                  fmt::format("the input cannot be read: {}", std::strerror(errno)));
    }
    if (!write_all(to, {bytes.data(), static_cast<std::size_t>(got)})) return no_copy(folder);
  }
}

// A file that goes away with its descriptor.
int open_nameless(const std::string& folder) {
  const int made = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (made >= 0 || errno != EOPNOTSUPP) return made;
  std::string path = folder + "/kipu-XXXXXX";  // a file system that has none without a name
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

}  // namespace

Result<RepeatableInput> RepeatableInput::of(int descriptor, bool (*stop)()) {
  struct stat info{};
  const off_t at = ::lseek(descriptor, 0, SEEK_CUR);
  if (at >= 0 && ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
    return RepeatableInput(descriptor, at, false);
  }
  const std::string folder = environment("TMPDIR").value_or("/tmp");
  const int copy = open_nameless(folder);
  if (copy < 0) return no_copy(folder);
  RepeatableInput made(copy, 0, true);
  if (auto copied = copy_all(descriptor, copy, folder, stop); !copied) return fail(copied.error());
  return made;
}

RepeatableInput::RepeatableInput(RepeatableInput&& other) noexcept
    : descriptor_(other.descriptor_),
      start_(other.start_),
      is_own_(std::exchange(other.is_own_, false)) {}

RepeatableInput::~RepeatableInput() {
  if (is_own_) ::close(descriptor_);
}

Result<int> RepeatableInput::begin() {
  if (::lseek(descriptor_, start_, SEEK_SET) == start_) return descriptor_;
  return fail(ErrorCode::io_error,
              fmt::format("the input cannot be read again: {}", std::strerror(errno)));
}

}  // namespace kipu::cli
