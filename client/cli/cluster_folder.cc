#include "client/cli/cluster_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/plain_file.h"
#include "base/shell_quoted.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostSetAside = 10'000;
constexpr std::chrono::seconds kDeadLetGoWithin{5};
constexpr std::chrono::milliseconds kLook{10};
constexpr std::size_t kMostText = std::size_t{16} * 1024 * 1024;  // of a file of ours

tl::unexpected<Error> file_error(const fs::path& file) {
  return fail(ErrorCode::io_error, fmt::format("{}: {}", file.string(), std::strerror(errno)));
}

// Writes and closes.
Status write_and_close(int descriptor, std::string_view content, bool durable,
                       const fs::path& file) {
  bool good = true;
  while (good && !content.empty()) {
    const ssize_t taken = ::write(descriptor, content.data(), content.size());
    if (taken >= 0) content.remove_prefix(static_cast<std::size_t>(taken));
    good = taken >= 0 || errno == EINTR;
  }
  good = good && (!durable || ::fsync(descriptor) == 0);
  Status status;
  if (!good) status = file_error(file);
  ::close(descriptor);
  return status;
}

Status write_beside(const fs::path& file, std::string_view content, bool durable) {
  const fs::path fresh = file.string() + ".new";
  const auto descriptor = open_plain_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (!descriptor) return fail(with_aside(descriptor.error(), fresh));
  if (auto status = write_and_close(*descriptor, content, durable, fresh); !status) return status;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return file_error(file);
  return {};
}

bool is_same_file(int descriptor, const fs::path& path) {
  struct stat open{};
  struct stat there{};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &there) == 0 &&
         open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

bool parse_unsigned(std::string_view text, std::uint32_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_line(std::string_view line, ClusterRecord& record) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (name == "cluster") {
    const auto id = Uuid::parse(value);
    if (id) record.cluster = ClusterId{*id};
    return id.has_value();
  }
  if (name == "workers") return parse_unsigned(value, record.workers);
  if (name == "replicas") return parse_unsigned(value, record.replicas);
  if (name == "partitions") return parse_unsigned(value, record.partitions);
  if (name != "ready") return false;
  record.ready = value == "yes";
  return record.ready || value == "no";
}

}  // namespace

std::string format_record(const ClusterRecord& record) {
  return fmt::format("cluster={}\nworkers={}\nreplicas={}\npartitions={}\nready={}\n",
                     record.cluster.id.to_string(), record.workers, record.replicas,
                     record.partitions, record.ready ? "yes" : "no");
}

Result<ClusterRecord> parse_record(std::string_view text) {
  ClusterRecord record;
  bool good = true;
  while (good && !text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    good = read_line(text.substr(0, end), record);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  good = good && !record.cluster.is_none() && record.workers > 0 && record.partitions > 0;
  good = good && record.workers <= limits::kMaxWorkers;
  good = good && record.partitions <= limits::kMaxPartitions;
  if (good && record.replicas > 0 && record.replicas <= record.workers) return record;
  return fail(ErrorCode::corrupt, "the file `cluster` is not what `kipu up` wrote");
}

std::string format_stores(const StoreNames& stores) {
  std::string text;
  for (const auto& [name, store] : stores)
    text += fmt::format("{}={}\n", name, store.id.to_string());
  return text;
}

StoreNames parse_stores(std::string_view text) {
  StoreNames stores;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !line.starts_with("worker-")) continue;
    const auto id = Uuid::parse(line.substr(equals + 1));
    if (id && !id->is_none()) stores[std::string(line.substr(0, equals))] = StoreId{*id};
  }
  return stores;
}

ClusterFolder::ClusterFolder(ClusterFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      directory_(std::exchange(other.directory_, -1)) {}

ClusterFolder::~ClusterFolder() {
  if (lock_ >= 0) ::close(lock_);
  if (directory_ >= 0) ::close(directory_);
}

Status ClusterFolder::make_folders() const {
  for (const char* folder : {"logs", "pids"}) {
    std::error_code error;
    fs::create_directories(path_ / folder, error);
    if (error) {
      return fail(ErrorCode::io_error,
                  fmt::format("{} cannot be made: {}", (path_ / folder).string(), error.message()));
    }
  }
  return {};
}

Status ClusterFolder::lock() {
  if (auto made = make_folders(); !made) return made;
  const fs::path file = path_ / "lock";
  const auto opened = open_plain_file(file, O_RDWR | O_CREAT);
  if (!opened) return fail(with_aside(opened.error(), file));
  if (auto taken = take(*opened); !taken) return taken;
  lock_ = *opened;
  directory_ = ::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) return file_error(path_);
  return sign_lock();
}

// What a process that was killed had just begun to start holds its locks for another moment.
Status ClusterFolder::take(int descriptor) const {
  std::optional<pid_t> pid;
  for (std::chrono::milliseconds waited{0};; waited += kLook) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
    pid = holder();
    const bool is_dead = pid && ::kill(*pid, 0) != 0 && errno == ESRCH;
    if (!is_dead || waited >= kDeadLetGoWithin) break;
    std::this_thread::sleep_for(kLook);
  }
  ::close(descriptor);
  return fail(ErrorCode::in_use,
              fmt::format("a cluster runs over {} already{}: `kipu down --data {}` stops it",
                          path_.string(), pid ? fmt::format(" (process {})", *pid) : "",
                          shell_quoted(path_.string())));
}

bool ClusterFolder::is_in_place() const {
  return is_same_file(directory_, path_);
}

Result<bool> ClusterFolder::restore() {
  if (auto made = make_folders(); !made) return fail(made.error());
  const fs::path file = path_ / "lock";
  if (is_same_file(lock_, file)) return false;
  const auto opened = open_plain_file(file, O_RDWR | O_CREAT);
  if (!opened) return fail(opened.error());
  if (auto taken = take(*opened); !taken) return fail(taken.error());
  ::close(std::exchange(lock_, *opened));
  if (auto is_signed = sign_lock(); !is_signed) return fail(is_signed.error());
  return true;
}

std::optional<pid_t> ClusterFolder::holder() const {
  const auto descriptor = open_plain_file(path_ / "lock", O_RDONLY);
  if (!descriptor) return std::nullopt;
  const bool is_free = ::flock(*descriptor, LOCK_SH | LOCK_NB) == 0;
  std::array<char, 16> text{};
  const ssize_t size = ::read(*descriptor, text.data(), text.size());
  ::close(*descriptor);
  pid_t pid = 0;
  if (is_free || size <= 0) return std::nullopt;
  std::from_chars(text.data(), text.data() + size, pid);
  if (pid <= 0) return std::nullopt;
  return pid;
}

Status ClusterFolder::check_kinds() const {
  if (!special_kind(path_ / "lock").empty()) {
    const auto opened = open_plain_file(path_ / "lock", O_RDONLY);
    if (!opened) return fail(with_aside(opened.error(), path_ / "lock"));
    ::close(*opened);
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ / "logs", error)) {
    if (entry.path().extension() != ".log") continue;
    const auto status = check_log_file(entry.path());
    if (!status) return fail(with_aside(status.error(), entry.path()));
  }
  return {};
}

Status ClusterFolder::sign_lock() {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, text.data(), text.size(), 0) < 0) {
    return file_error(path_ / "lock");
  }
  return {};
}

Result<std::optional<ClusterRecord>> ClusterFolder::load() const {
  const fs::path file = path_ / "cluster";
  std::error_code ignored;  // what cannot be looked at is there: reading it says what is wrong
  if (fs::status(file, ignored).type() == fs::file_type::not_found) {
    return std::optional<ClusterRecord>();
  }
  const auto text = read_plain_file(file, kMostText);
  // Whatever else is there in its place is a record that was damaged.
  if (!text) return fail(text.error());
  auto record = parse_record(*text);
  if (!record) {
    return fail(record.error().code, fmt::format("{}: {}", path_.string(), record.error().message));
  }
  return std::optional<ClusterRecord>(*record);
}

Status ClusterFolder::save(const ClusterRecord& record) const {
  return replace_file(path_ / "cluster", format_record(record));
}

StoreNames ClusterFolder::load_stores() const {
  return parse_stores(read_plain_file(path_ / "stores", kMostText).value_or(std::string()));
}

Status ClusterFolder::save_stores(const StoreNames& stores) const {
  return replace_file(path_ / "stores", format_stores(stores));
}

Status replace_file(const fs::path& file, std::string_view content) {
  if (auto status = write_beside(file, content, true); !status) return status;
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return file_error(file.parent_path());
  const bool synced = ::fsync(folder) == 0;
  ::close(folder);
  if (!synced) return file_error(file.parent_path());
  return {};
}

Status publish_file(const fs::path& file, std::string_view content) {
  return write_beside(file, content, false);
}

void append_to_log(const fs::path& log, std::string_view text) {
  if (check_log_file(log)) std::ofstream(log, std::ios::app) << text;
}

Result<fs::path> set_aside(const fs::path& path, std::string_view why) {
  for (int number = 1; number < kMostSetAside; ++number) {
    fs::path other = number == 1 ? fmt::format("{}.{}", path.string(), why)
                                 : fmt::format("{}.{}-{}", path.string(), why, number);
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, other.c_str(), RENAME_NOREPLACE) == 0) {
      return other;
    }
    if (errno != EEXIST) return file_error(path);
  }
  return fail(ErrorCode::io_error,
              fmt::format("too many things called {}.{} are kept", path.string(), why));
}

}  // namespace kipu::cli
