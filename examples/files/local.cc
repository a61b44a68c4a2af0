#include "examples/files/local.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/names.h"
#include "examples/files/paths.h"
#include "examples/files/text.h"

namespace files {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

kipu::Error system_error(std::string_view what, std::string_view path, int number) {
  const bool disk = number == EIO || number == ENOSPC || number == EDQUOT || number == EROFS ||
                    number == EMFILE || number == ENFILE || number == ENOMEM;
  return {disk ? ErrorCode::io_error : ErrorCode::invalid_argument,
          fmt::format("cannot {} {}: {}", what, in_quotes(path),
                      std::generic_category().message(number))};
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<Descriptor> open_path(std::string_view path, int flags) {
  const auto [directory, leaf] = split_path(path);
  int file = -1;
  if (path.size() < PATH_MAX) {
    file = ::open(std::string(path).c_str(), flags | O_CLOEXEC);
  } else {
    auto parent = open_directory(directory, Missing::refuse);
    if (!parent) return parent;
    file = ::openat(parent->get(), std::string(leaf).c_str(), flags | O_CLOEXEC);
  }
  if (file < 0) return fail(system_error("open", path, errno));
  return Descriptor(file);
}

Result<std::string> read_link(int link, std::string_view path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  if (length < 0) return fail(system_error("read the link", path, errno));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

std::optional<Extent> next_extent(int file, std::uint64_t from, std::uint64_t size) {
  if (from >= size) return std::nullopt;
  const auto seek = [&](std::uint64_t at, int whence) {
    return ::lseek(file, static_cast<off_t>(at), whence);
  };
  const off_t begin = seek(from, SEEK_DATA);
  if (begin < 0) return errno == ENXIO ? std::nullopt : std::optional(Extent{from, size - from});
  auto start = static_cast<std::uint64_t>(begin);
  if (start >= size) return std::nullopt;
  if (start - from < kLeastHole) start = from;
  std::uint64_t end = start;
  for (off_t next = begin; next >= 0 && static_cast<std::uint64_t>(next) < size;) {
    if (end != start && static_cast<std::uint64_t>(next) - end >= kLeastHole) break;
    const off_t hole = seek(static_cast<std::uint64_t>(next), SEEK_HOLE);
    end = hole < 0 ? size : std::min(size, static_cast<std::uint64_t>(hole));
    next = end >= size ? -1 : seek(end, SEEK_DATA);
    // A hole at the end that is too short to be kept.
    if (next < 0 && end < size && size - end < kLeastHole) end = size;
  }
  return Extent{start, end - start};
}

}  // namespace files
