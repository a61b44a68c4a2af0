#include "storage/database_files.h"

#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/little_endian.h"
#include "base/plain_file.h"
#include "storage/files.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "FILES";
constexpr std::string_view kMagic = "KIPUFILE";
constexpr std::string_view kLogSuffix = ".log";
constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;
constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [parsed, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc{} || parsed != end) return std::nullopt;
  return number;
}

std::string_view last_part(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Status check_length(const fs::path& file, std::uint64_t least) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::corrupt, fmt::format("{} is missing", file.string()));
  }
  if (error) {
    return fail(ErrorCode::io_error,
                fmt::format("cannot look at {}: {}", file.string(), error.message()));
  }
  if (bytes >= least) return {};
  return fail(ErrorCode::corrupt, fmt::format("{} has {} bytes, of at least {} that it had",
                                              file.string(), bytes, least));
}

// LevelDB would wait for ever for who writes to a pipe.
Status check_kinds(const fs::path& database) {
  std::error_code ignored;  // what cannot be listed cannot be opened, and those who try will say so
  fs::directory_iterator at(database, ignored);
  for (; !ignored && at != fs::directory_iterator(); at.increment(ignored)) {
    const std::string_view kind = special_kind(at->path());
    if (kind.empty()) continue;
    return fail(ErrorCode::corrupt,
                fmt::format("{} is {}, and no file", at->path().string(), kind));
  }
  return {};
}

// A newer MANIFEST than the list names is right: a process ended between naming it in CURRENT and
// in the list.
Status check_manifest(const fs::path& database, const DatabaseFiles& files) {
  const fs::path current = database / "CURRENT";
  Result<std::string> named = read_file(current, kMaxFileBytes);
  if (!named) return fail(std::move(named.error()));
  const std::size_t end = named->find('\n');
  const auto number = manifest_number(std::string_view(*named).substr(0, end));
  if (!number || end + 1 != named->size() || named->find('/') != std::string::npos) {
    return fail(ErrorCode::corrupt, fmt::format("{} names no MANIFEST", current.string()));
  }
  if (*number < files.manifest) {
    return fail(
        ErrorCode::corrupt,
        fmt::format("{} names {}, which is older than {}{:06} that was in use", current.string(),
                    named->substr(0, end), kManifestPrefix, files.manifest));
  }
  return check_length(database / named->substr(0, end),
                      *number == files.manifest ? files.manifest_bytes : 1);
}

}  // namespace

std::string encode_database_files(const DatabaseFiles& files) {
  std::string bytes(kMagic);
  append_le(bytes, files.manifest);
  append_le(bytes, files.manifest_bytes);
  for (const auto& [number, least] : files.logs) {
    append_le(bytes, number);
    append_le(bytes, least);
  }
  append_le(bytes, hash64(bytes));
  return bytes;
}

Result<DatabaseFiles> decode_database_files(std::string_view bytes) {
  const auto refuse = [] { return fail(ErrorCode::corrupt, "it is not a list of files"); };
  constexpr std::size_t kLeast = kMagic.size() + 3 * kNumberBytes;
  if (bytes.size() < kLeast || !bytes.starts_with(kMagic)) return refuse();
  if ((bytes.size() - kLeast) % (2 * kNumberBytes) != 0) return refuse();
  const std::size_t end = bytes.size() - kNumberBytes;
  if (load_le<std::uint64_t>(bytes.data() + end) != hash64(bytes.substr(0, end))) return refuse();
  std::size_t at = kMagic.size();
  const auto take = [&] {
    const auto number = load_le<std::uint64_t>(bytes.data() + at);
    at += kNumberBytes;
    return number;
  };
  DatabaseFiles files;
  files.manifest = take();
  files.manifest_bytes = take();
  while (at < end) {
    const std::uint64_t number = take();
    if (!files.logs.empty() && number <= files.logs.rbegin()->first) return refuse();
    files.logs.emplace_hint(files.logs.end(), number, take());
  }
  return files;
}

Status save_database_files(const fs::path& database, const DatabaseFiles& files) {
  return replace_file(database / kName, encode_database_files(files));
}

Result<DatabaseFiles> check_database_files(const fs::path& database) {
  if (Status kinds = check_kinds(database); !kinds) return fail(std::move(kinds.error()));
  const fs::path list = database / kName;
  if (Status there = check_length(list, 0); !there) return fail(std::move(there.error()));
  Result<std::string> bytes = read_file(list, kMaxFileBytes);
  if (!bytes) return fail(std::move(bytes.error()));
  Result<DatabaseFiles> files = decode_database_files(*bytes);
  if (!files) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is damaged, {}", list.string(), files.error().message));
  }
  Status good = check_manifest(database, *files);
  for (const auto& [number, least] : files->logs) {
    if (good) good = check_length(database / fmt::format("{:06}{}", number, kLogSuffix), least);
  }
  if (!good) return fail(std::move(good.error()));
  return files;
}

Status check_any_log(const fs::path& database) {
  if (Status kinds = check_kinds(database); !kinds) return kinds;
  std::error_code error;
  fs::directory_iterator at(database, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (log_number(at->path().native())) return {};
  }
  if (error) {
    return fail(ErrorCode::io_error,
                fmt::format("cannot list {}: {}", database.string(), error.message()));
  }
  return fail(ErrorCode::corrupt, fmt::format("all logs of the database, {}/*{}, are missing",
                                              database.string(), kLogSuffix));
}

std::optional<std::uint64_t> log_number(std::string_view name) {
  name = last_part(name);
  if (!name.ends_with(kLogSuffix)) return std::nullopt;
  return parse_number(name.substr(0, name.size() - kLogSuffix.size()));
}

std::optional<std::uint64_t> manifest_number(std::string_view name) {
  name = last_part(name);
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  return parse_number(name.substr(kManifestPrefix.size()));
}

}  // namespace kipu::storage
