#include "bus/daemon/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace kipu::daemon {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  bool good() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_;
};

tl::unexpected<Error> failed(const char* what, const std::filesystem::path& file) {
  return fail(ErrorCode::io_error,
              std::string("cannot ") + what + " " + file.string() + ": " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.good() || fsync(opened.get()) != 0) return failed("sync", directory);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file) {
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.good()) return failed("read", file);
  std::string bytes;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = read(opened.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", file);
    if (got == 0) return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
}

Status write_durably(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::path fresh = file;
  fresh += ".new";
  {
    const Descriptor opened(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!opened.good()) return failed("write", fresh);
    if (!write_all(opened.get(), bytes) || fsync(opened.get()) != 0) return failed("write", fresh);
  }
  if (std::rename(fresh.c_str(), file.c_str()) != 0) return failed("write", file);
  return sync_directory(file.parent_path());
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failed("open", file);
  FileLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return failed("lock", file);
  return fail(ErrorCode::in_use, file.parent_path().string() + " is in use by another process");
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace kipu::daemon
