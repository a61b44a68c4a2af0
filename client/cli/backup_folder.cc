#include "client/cli/backup_folder.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

constexpr std::string_view kManifest = "backup.json";
constexpr std::string_view kNewManifest = "backup.json.new";
constexpr std::string_view kLock = "lock";
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 30U;

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

tl::unexpected<Error> no_such_place(const std::string& path, int error) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: {}", printable(path), reason_of(error)));
}

// Makes a new directory durable: its name stands in the one around it.
Status sync_around(const std::string& path) {
  const Descriptor around(::open((path + "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (around.is_open() && ::fsync(around.number()) == 0) return {};
  return fail(ErrorCode::io_error, fmt::format("{}: {}", printable(path), reason_of(errno)));
}

}  // namespace

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

std::string as_typed(std::string_view path) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/+:@%,=").find(c) != std::string_view::npos;
  };
  if (!path.empty() && std::ranges::all_of(path, plain)) return std::string(path);
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Result<BackupFolder> BackupFolder::open(std::string path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return no_such_place(path, errno);
  return BackupFolder(std::move(path), std::move(directory));
}

Result<BackupFolder> BackupFolder::open_to_write(std::string path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0) {
    if (auto synced = sync_around(path); !synced) return fail(std::move(synced).error());
  } else if (errno != EEXIST) {
    return no_such_place(path, errno);
  }
  auto folder = open(std::move(path));
  if (!folder) return folder;
  if (auto ours = folder->check_that_it_is_ours(); !ours) return fail(std::move(ours).error());
  auto locked = folder->lock(O_RDWR | O_CREAT, LOCK_EX);
  if (!locked) return fail(std::move(locked).error());
  return folder;
}

Result<BackupFolder> BackupFolder::open_to_read(std::string path) {
  auto folder = open(std::move(path));
  if (!folder) return folder;
  const auto names = folder->names();
  if (!names) return fail(names.error());
  if (std::ranges::find(*names, kManifest) == names->end()) {
    return fail(
        ErrorCode::not_a_store,
        fmt::format("{} holds no backup: a backup is a directory that `kipu backup DIR` makes",
                    printable(folder->path_)));
  }
  if (std::ranges::find(*names, kLock) == names->end()) return folder;
  auto locked = folder->lock(O_RDONLY, LOCK_SH);
  if (!locked && locked.error().code == ErrorCode::in_use) return fail(std::move(locked).error());
  return folder;
}

// A run that was killed before it wrote its first backup.json leaves the two other names.
Status BackupFolder::check_that_it_is_ours() const {
  const auto found = names();
  if (!found) return fail(found.error());
  if (std::ranges::find(*found, kManifest) != found->end()) return {};
  const auto strange = std::ranges::find_if(
      *found, [](const std::string& name) { return name != kLock && name != kNewManifest; });
  if (strange == found->end()) return {};
  return fail(ErrorCode::not_a_store,
              fmt::format("{} holds no backup, and is not empty ({} is there): name another "
                          "directory, a new one or an empty one",
                          printable(path_), in_quotes(*strange)));
}

Status BackupFolder::lock(int flags, int operation) {
  auto file = open_file(kLock, flags);
  if (!file) return fail(std::move(file).error());
  lock_ = *std::move(file);
  if (::flock(lock_.number(), operation | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return failed(kLock, errno);
  return fail(ErrorCode::in_use,
              fmt::format("another backup or restore is at work with {}: wait until it has ended",
                          printable(path_)));
}

std::string BackupFolder::path_of(std::string_view name) const {
  return printable(fmt::format("{}{}{}", path_, path_.ends_with('/') ? "" : "/", name));
}

Result<std::optional<Manifest>> BackupFolder::read_manifest() const {
  const auto found = names();
  if (!found) return fail(found.error());
  if (std::ranges::find(*found, kManifest) == found->end()) return std::optional<Manifest>();
  std::string text;
  if (auto status = read(kManifest, 0, kMaxManifestBytes, text); !status) {
    return fail(std::move(status).error());
  }
  auto manifest = parse_manifest(text);
  if (manifest) return *std::move(manifest);
  Error error = std::move(manifest).error();
  error.message = fmt::format("{}: {}", path_of(kManifest), error.message);
  if (error.code == ErrorCode::corrupt) {
    error.message +=
        "; the entries stand in the .jsonl files, which `kipu import` takes one by one";
  }
  return fail(std::move(error));
}

Status BackupFolder::write_manifest(const Manifest& manifest) const {
  auto file = open_file(kNewManifest, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return fail(std::move(file).error());
  if (auto status = write(*file, kNewManifest, manifest_text(manifest)); !status) return status;
  if (auto status = sync(*file, kNewManifest); !status) return status;
  if (::renameat(directory_.number(), kNewManifest.data(), directory_.number(), kManifest.data()) !=
      0) {
    return failed(kManifest, errno);
  }
  return sync_names();
}

Result<std::vector<std::string>> BackupFolder::names() const {
  // A descriptor of its own, since closedir() closes it.
  const int number = ::openat(directory_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(number < 0 ? nullptr : ::fdopendir(number),
                                                   ::closedir);
  if (stream == nullptr) return failed("", errno);
  std::vector<std::string> found;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return failed("", errno);
    if (entry == nullptr) break;
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (name != "." && name != "..") found.emplace_back(name);
  }
  std::ranges::sort(found);
  return found;
}

Result<std::uint64_t> BackupFolder::size_of(std::string_view name) const {
  const auto file = open_file(name, O_RDONLY);
  if (!file) return fail(file.error());
  struct stat info{};
  if (::fstat(file->number(), &info) != 0) return failed(name, errno);
  return static_cast<std::uint64_t>(info.st_size);
}

Status BackupFolder::read(std::string_view name, std::uint64_t offset, std::size_t bytes,
                          std::string& into) const {
  constexpr std::size_t kBlock = std::size_t{1024} * 1024;
  const auto file = open_file(name, O_RDONLY);
  if (!file) return fail(file.error());
  while (bytes > 0) {
    const std::size_t before = into.size();
    into.resize(before + std::min(bytes, kBlock));
    const ssize_t got = ::pread(file->number(), into.data() + before, into.size() - before,
                                static_cast<off_t>(offset));
    const int error = errno;
    into.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return {};
    if (got < 0 && error != EINTR) return failed(name, error);
    offset += into.size() - before;
    bytes -= into.size() - before;
  }
  return {};
}

Result<Descriptor> BackupFolder::create(std::string_view name) const {
  return open_file(name, O_WRONLY | O_CREAT | O_EXCL);
}

Status BackupFolder::write(const Descriptor& file, std::string_view name,
                           std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.number(), bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) return failed(name, errno);
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status BackupFolder::sync(const Descriptor& file, std::string_view name) const {
  if (::fsync(file.number()) != 0) return failed(name, errno);
  return {};
}

Status BackupFolder::cut(std::string_view name, std::uint64_t bytes) const {
  const auto file = open_file(name, O_RDWR);
  if (!file) return fail(file.error());
  if (::ftruncate(file->number(), static_cast<off_t>(bytes)) != 0) return failed(name, errno);
  return sync(*file, name);
}

Status BackupFolder::sync_names() const {
  if (::fsync(directory_.number()) != 0) return failed("", errno);
  return {};
}

// A FIFO must not be waited for, nor a device be read: whatever is no file is told apart first.
Result<Descriptor> BackupFolder::open_file(std::string_view name, int flags) const {
  const std::string file_name(name);
  Descriptor file(::openat(directory_.number(), file_name.c_str(),
                           flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode));
  if (!file.is_open() && errno == ELOOP) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is a symbolic link, and a backup has none", path_of(name)));
  }
  if (!file.is_open() && errno == ENOENT) {
    return fail(ErrorCode::corrupt, fmt::format("{} is not there", path_of(name)));
  }
  if (!file.is_open()) return failed(name, errno);
  struct stat info{};
  if (::fstat(file.number(), &info) != 0) return failed(name, errno);
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::corrupt, fmt::format("{} is no file", path_of(name)));
  }
  return file;
}

tl::unexpected<Error> BackupFolder::failed(std::string_view name, int error) const {
  return fail(ErrorCode::io_error, fmt::format("{}: {}", path_of(name), reason_of(error)));
}

}  // namespace kipu::cli
