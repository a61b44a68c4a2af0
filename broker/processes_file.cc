#include "broker/processes_file.h"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "storage/files.h"

namespace kipu::broker {
namespace {

// Nothing if there is more than `most` bytes, or reading fails.
std::string read_at_most(int file, std::size_t most) {
  std::string bytes(most + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(file, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > most) return {};
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string read_processes_file(const std::filesystem::path& file) {
  // Without O_NONBLOCK, opening a pipe would wait for who writes to it.
  const storage::FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found{};
  if (!opened.is_open() || ::fstat(opened.number(), &found) != 0) return {};
  if (!S_ISREG(found.st_mode)) return {};
  return read_at_most(opened.number(), limits::kMaxProcessesBytes);
}

}  // namespace kipu::broker
