// Files of this machine that appear whole or not at all.
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/local.h"
#include "examples/files/names.h"
#include "examples/files/paths.h"
#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

// Who may read and run a file is kept; that it runs as somebody else is not taken from a store.
constexpr mode_t kKeptMode = 0777;

std::string part_name() {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) random = 0;
  return fmt::format(".kipu-{:016x}.part", random);
}

// Of the time of access nothing is stored.
void set_times(const Version& version, timespec (&times)[2]) {
  times[0] = {0, UTIME_OMIT};
  times[1] = {static_cast<time_t>(version.seconds), static_cast<long>(version.nanoseconds)};
}

std::string path_of_descriptor(int file) {
  return fmt::format("/proc/self/fd/{}", file);
}

}  // namespace

Result<Target> Target::open(const std::string& root, const std::string& name, bool replace) {
  const auto [directory, leaf] = split_path(name);
  const auto top = open_directory(root, Missing::make);
  if (!top) return fail(top.error());
  auto parent = open_below(*top, directory);
  if (!parent) return fail(std::move(parent).error());
  Target target(std::move(*parent), join_path(root, name), std::string(leaf), replace);
  if (auto free = target.check_free(); !free) return fail(std::move(free).error());
  return target;
}

Target::~Target() {
  if (!part_.empty()) ::unlinkat(parent_.get(), part_.c_str(), 0);
}

Status Target::check_free() const {
  struct stat facts{};
  if (::fstatat(parent_.get(), leaf_.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Status{} : fail_here("look at", errno);
  }
  if (!replace_) return fail_here("write", EEXIST);
  if (!S_ISDIR(facts.st_mode)) return {};
  return fail_here("replace", EISDIR);
}

Status Target::fail_here(std::string_view what, int number) const {
  if (number != EEXIST) return fail(system_error(what, path_, number));
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} exists: --force replaces it, and another folder leaves it alone",
                          in_quotes(path_)));
}

Status Target::open_file() {
  file_ = Descriptor(::openat(parent_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file_.valid()) return {};
  std::string part = part_name();
  file_ = Descriptor(
      ::openat(parent_.get(), part.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!file_.valid()) return fail_here("write", errno);
  part_ = std::move(part);
  return {};
}

Status Target::write(std::uint64_t offset, std::string_view bytes) {
  if (!file_.valid()) {
    if (auto opened = open_file(); !opened) return opened;
  }
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_here("write", errno);
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status Target::commit(const Version& version) {
  if (!file_.valid()) {
    if (auto opened = open_file(); !opened) return opened;
  }
  timespec times[2];
  set_times(version, times);
  if (::ftruncate(file_.get(), static_cast<off_t>(version.size)) != 0 ||
      ::fchmod(file_.get(), version.mode & kKeptMode) != 0 || ::futimens(file_.get(), times) != 0) {
    return fail_here("write", errno);
  }
  return publish_file();
}

// Without `replace`, link(2) gives it its name, which fails if that has come to exist meanwhile.
Status Target::publish_file() {
  const bool unnamed = part_.empty();
  const auto link_as = [&](const std::string& name) {
    if (!unnamed) return ::linkat(parent_.get(), part_.c_str(), parent_.get(), name.c_str(), 0);
    return ::linkat(AT_FDCWD, path_of_descriptor(file_.get()).c_str(), parent_.get(), name.c_str(),
                    AT_SYMLINK_FOLLOW);
  };
  if (!replace_) return link_as(leaf_) == 0 ? Status{} : fail_here("write", errno);
  if (unnamed) {
    std::string part = part_name();
    if (link_as(part) != 0) return fail_here("write", errno);
    part_ = std::move(part);
  }
  if (::renameat(parent_.get(), part_.c_str(), parent_.get(), leaf_.c_str()) != 0) {
    return fail_here("replace", errno);
  }
  part_.clear();
  return {};
}

Status Target::commit_symlink(const Version& version, const std::string& leads_to) {
  timespec times[2];
  set_times(version, times);
  std::string name = leaf_;
  if (replace_) part_ = name = part_name();
  if (::symlinkat(leads_to.c_str(), parent_.get(), name.c_str()) != 0 ||
      ::utimensat(parent_.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_here("make the link", errno);
  }
  if (!replace_) return {};
  if (::renameat(parent_.get(), part_.c_str(), parent_.get(), leaf_.c_str()) != 0) {
    return fail_here("replace", errno);
  }
  part_.clear();
  return {};
}

Status Target::commit_directory(const Version& version) {
  timespec times[2];
  set_times(version, times);
  if (::mkdirat(parent_.get(), leaf_.c_str(), 0777) != 0 ||
      ::fchmodat(parent_.get(), leaf_.c_str(), version.mode & kKeptMode, 0) != 0 ||
      ::utimensat(parent_.get(), leaf_.c_str(), times, 0) != 0) {
    return fail_here("make the folder", errno);
  }
  return {};
}

}  // namespace files
