#include "storage/store_layout.h"

#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/descriptors.h"
#include "base/shell_quoted.h"
#include "storage/files.h"
#include "storage/store_file.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

// What LevelDB and this take to open a store, about twice over: so that neither an `init` ends
// half-way for want of them, nor what it does later.
constexpr std::size_t kDescriptors = 16;

Error explain_store_file(const Layout& layout, const Error& error) {
  const std::string at = layout.store_file.string();
  switch (error.code) {
    case ErrorCode::newer_format:
      return {error.code,
              fmt::format("{} is of a newer Kipu, {}: run that version", at, error.message)};
    case ErrorCode::corrupt:
      return {error.code,
              fmt::format("{} is damaged, {}: restore a copy of it", at, error.message)};
    default:
      return error;
  }
}

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::status(path, error).type() != fs::file_type::not_found;
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path made = fs::absolute(path, error);
  return error ? path : made;
}

Status check_room(const Layout& layout) {
  return check_descriptors(kDescriptors, fmt::format("the store in {}", layout.directory.string()));
}

Status as_open_status(const Layout& layout, const leveldb::Status& status) {
  if (status.ok()) return {};
  const std::string path = layout.database.string();
  const std::string text = status.ToString();
  if (status.IsCorruption() || status.IsInvalidArgument()) {
    return fail(ErrorCode::corrupt,
                fmt::format("the database in {} is damaged ({}): restore a copy of {}", path, text,
                            layout.directory.string()));
  }
  // LevelDB says so of a lock that it did not get; "IO error: PATH" of one that it could not open.
  if (text.starts_with("IO error: lock ")) {
    return fail(ErrorCode::in_use, fmt::format("the database in {} is in use by another process "
                                               "({}): stop that one first",
                                               path, text));
  }
  return fail(ErrorCode::io_error, fmt::format("cannot open the database in {}: {}", path, text));
}

Error explain_missing_store_file(const Layout& layout) {
  const std::string at = layout.directory.string();
  if (is_there(layout.unfinished)) {
    return {ErrorCode::not_a_store,
            fmt::format("the making of a store in {} was interrupted: `kipu-worker init --data {}` "
                        "goes on with it",
                        at, shell_quoted(at))};
  }
  if (is_there(layout.database)) {
    return {ErrorCode::corrupt, fmt::format("{} holds a database but no store file: restore {}", at,
                                            layout.store_file.string())};
  }
  return {ErrorCode::not_a_store, fmt::format("{} holds no store", at)};
}

Result<StoreFile> load_store_file(const Layout& layout) {
  if (!is_there(layout.store_file)) return fail(explain_missing_store_file(layout));
  const Result<std::string> bytes = read_file(layout.store_file, kMaxStoreFileBytes);
  if (!bytes) return fail(explain_store_file(layout, bytes.error()));
  Result<StoreInfo> info = decode_store_file(*bytes);
  if (!info) return fail(explain_store_file(layout, info.error()));
  return StoreFile{std::move(*info), format_of_store_file(*bytes)};
}

Error explain_damage(const Layout& layout, const Error& error) {
  if (error.code != ErrorCode::corrupt) return error;
  return {error.code,
          fmt::format("{}: the store has lost data, and nothing is made in its place: restore a "
                      "copy of {}",
                      error.message, layout.directory.string())};
}

Result<DatabaseFiles> check_database(const Layout& layout, const StoreFile& file) {
  const fs::path current = layout.database / "CURRENT";
  if (!is_there(current)) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing",
                            (is_there(layout.database) ? current : layout.database).string()));
  }
  if (file.format >= kFirstChecked) return check_database_files(layout.database);
  // Any list that is there is not of the build that wrote to it last.
  if (Status any = check_any_log(layout.database); !any) return fail(std::move(any.error()));
  return DatabaseFiles{};
}

}  // namespace kipu::storage
