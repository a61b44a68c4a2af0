// The files of a database that LevelDB would not miss: its logs, and the MANIFEST that is in use.
//
// LevelDB opens without a word where a log is gone or empty, or where CURRENT names an older
// MANIFEST: the store then holds less, and what it held besides is deleted as nobody's. So a list
// of these files lies beside them, in db/FILES, and is looked at before LevelDB is. Tables are not
// in it: LevelDB itself opens no database of which one is missing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kipu::storage {

// How many bytes of each file are known to be durable: there may be more, and never fewer.
struct DatabaseFiles {
  std::uint64_t manifest = 0;  // its number; those of newer ones are greater
  std::uint64_t manifest_bytes = 0;
  std::map<std::uint64_t, std::uint64_t> logs;  // by number; those in which there is anything
  friend bool operator==(const DatabaseFiles&, const DatabaseFiles&) = default;
};

[[nodiscard]] std::string encode_database_files(const DatabaseFiles& files);

// `corrupt` if `bytes` is not what some version of Kipu wrote.
[[nodiscard]] Result<DatabaseFiles> decode_database_files(std::string_view bytes);

// Replaces the list of `database`. `io_error`.
[[nodiscard]] Status save_database_files(const std::filesystem::path& database,
                                         const DatabaseFiles& files);

// The list of `database`, if all that it names is there, and as long as it says, and all that is
// there is files; else `corrupt`, naming the file. `io_error` if that cannot be found out.
[[nodiscard]] Result<DatabaseFiles> check_database_files(const std::filesystem::path& database);

// What can be said of a database that has no list yet: `corrupt` if it has no log at all, for there
// always is one.
[[nodiscard]] Status check_any_log(const std::filesystem::path& database);

// The number of a file by its name, with any directory before it: of a log; of a MANIFEST.
[[nodiscard]] std::optional<std::uint64_t> log_number(std::string_view name);
[[nodiscard]] std::optional<std::uint64_t> manifest_number(std::string_view name);

}  // namespace kipu::storage
