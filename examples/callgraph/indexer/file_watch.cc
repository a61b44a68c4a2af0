#include "examples/callgraph/indexer/file_watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace callgraph {

namespace fs = std::filesystem;

namespace {

// A build or a checkout changes many files: one round takes them all, after a pause this long…
constexpr int kPauseMilliseconds = 150;
// …or this many events.
constexpr int kMostWaits = 40;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;

kipu::Error failure(const char* what) {
  const int why = errno;
  const bool full = why == ENOSPC || why == EMFILE;
  return {kipu::ErrorCode::invalid_argument,
          std::string(what) + ": " + std::strerror(why) +
              (full ? "; raise fs.inotify.max_user_watches or max_user_instances" : "")};
}

}  // namespace

kipu::Result<FileWatch> FileWatch::open() {
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) return kipu::fail(failure("cannot follow the file system"));
  return FileWatch(fd);
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      directories_(std::move(other.directories_)),
      by_watch_(std::move(other.by_watch_)),
      files_(std::move(other.files_)) {}

FileWatch::~FileWatch() {
  if (fd_ >= 0) ::close(fd_);
}

kipu::Result<bool> FileWatch::watch(const std::set<fs::path>& files) {
  files_ = files;
  bool is_new = false;
  for (const fs::path& file : files) {
    const fs::path directory = file.parent_path();
    if (directories_.contains(directory)) continue;
    const int watch = ::inotify_add_watch(fd_, directory.c_str(), kEvents | IN_ONLYDIR);
    if (watch < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    if (watch < 0) return kipu::fail(failure(("cannot watch " + directory.string()).c_str()));
    directories_[directory] = watch;
    by_watch_[watch] = directory;
    is_new = true;
  }
  return is_new;
}

// Returns whether one of the events is about a watched file.
bool FileWatch::take_events() {
  bool ours = false;
  alignas(inotify_event) std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t size = ::read(fd_, buffer.data(), buffer.size());
    if (size <= 0) return ours;
    for (ssize_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) ours = true;
      const auto directory = by_watch_.find(event.wd);
      if (directory == by_watch_.end()) continue;
      if ((event.mask & IN_IGNORED) != 0) {  // the directory is gone
        directories_.erase(directory->second);
        by_watch_.erase(directory);
        ours = true;
        continue;
      }
      if (event.len > 0) ours = ours || files_.contains(directory->second / name);
    }
  }
}

bool FileWatch::wait_once(int stop_fd, int milliseconds, bool& stopped) {
  std::array<pollfd, 2> ready{{{fd_, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  const int count = ::poll(ready.data(), ready.size(), milliseconds);
  stopped = count > 0 && (ready[1].revents & POLLIN) != 0;
  return count > 0 && (ready[0].revents & POLLIN) != 0;
}

kipu::Result<bool> FileWatch::wait(int stop_fd) {
  constexpr int kForever = -1;
  bool stopped = false;
  bool ours = false;
  while (!ours && !stopped) {
    if (wait_once(stop_fd, kForever, stopped)) ours = take_events();
  }
  for (int i = 0; i < kMostWaits && !stopped; ++i) {
    if (!wait_once(stop_fd, kPauseMilliseconds, stopped)) break;
    take_events();
  }
  return ours && !stopped;
}

}  // namespace callgraph
