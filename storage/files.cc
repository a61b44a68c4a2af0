#include "storage/files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/plain_file.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> io_failure(std::string_view what, const fs::path& path, int error) {
  return fail(ErrorCode::io_error, fmt::format("cannot {} {}: {}", what, path.string(),
                                               std::generic_category().message(error)));
}

Result<FileDescriptor> open_directory(const fs::path& path) {
  FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return io_failure("open", path, errno);
  return opened;
}

Status sync(const FileDescriptor& file, const fs::path& path) {
  if (::fsync(file.number()) != 0) return io_failure("sync", path, errno);
  return {};
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (is_open()) ::close(number_);
}

Result<FileDescriptor> lock_directory(const fs::path& directory) {
  Result<FileDescriptor> opened = open_directory(directory);
  if (!opened) return opened;
  if (::flock(opened->number(), LOCK_EX | LOCK_NB) == 0) return opened;
  if (errno != EWOULDBLOCK) return io_failure("lock", directory, errno);
  return fail(ErrorCode::in_use,
              fmt::format("{} is in use by another process: stop that one first, or choose another "
                          "directory",
                          directory.string()));
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const Result<int> opened = open_plain_file(path, O_RDONLY);
  if (!opened) return fail(opened.error());
  const FileDescriptor file(*opened);
  std::string bytes;
  std::vector<char> block(std::size_t{64} * 1024);
  while (true) {
    const ssize_t got = ::read(file.number(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure("read", path, errno);
    if (got == 0) return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(got));
    if (bytes.size() > max_bytes) {
      return fail(ErrorCode::corrupt, fmt::format("{} is larger than {} bytes, which it never is",
                                                  path.string(), max_bytes));
    }
  }
}

Status write_file(const fs::path& path, std::string_view bytes) {
  const Result<int> opened = open_plain_file(path, O_WRONLY | O_CREAT | O_TRUNC, kPrivateFile);
  if (!opened) return fail(ErrorCode::io_error, with_aside(opened.error(), path).message);
  const FileDescriptor file(*opened);
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.number(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io_failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (Status synced = sync(file, path); !synced) return synced;
  return sync_directory(path.parent_path());
}

Status replace_file(const fs::path& path, std::string_view bytes) {
  fs::path next = path;
  next += ".new";
  if (Status written = write_file(next, bytes); !written) return written;
  return rename_file(next, path);
}

Status rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_failure("rename", from, errno);
  return sync_directory(to.parent_path());
}

Status sync_directory(const fs::path& directory) {
  // The parent of a path of one name is an empty path.
  if (directory.empty()) return sync_directory(".");
  const Result<FileDescriptor> opened = open_directory(directory);
  if (!opened) return fail(opened.error());
  return sync(*opened, directory);
}

Status make_directory(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> missing;
  for (fs::path at = directory; !fs::exists(at, error) && at != at.parent_path();
       at = at.parent_path()) {
    missing.push_back(at);
  }
  std::reverse(missing.begin(), missing.end());
  for (const fs::path& path : missing) {
    if (::mkdir(path.c_str(), kPrivateDirectory) != 0 && errno != EEXIST) {
      return io_failure("make", path, errno);
    }
    if (Status synced = sync_directory(path.parent_path()); !synced) return synced;
  }
  if (!fs::is_directory(directory, error)) return io_failure("make", directory, ENOTDIR);
  return {};
}

std::uint64_t free_bytes(const fs::path& path) {
  struct statvfs found{};
  if (::statvfs(path.c_str(), &found) != 0) return 0;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace kipu::storage
