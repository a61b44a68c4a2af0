// What lies in a store's directory, and what can be said of it without opening the database.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include <leveldb/status.h>

#include "base/result.h"
#include "storage/database_files.h"
#include "storage/store.h"

namespace kipu::storage {

// What a store's directory holds.
struct Layout {
  std::filesystem::path directory;
  std::filesystem::path store_file;  // there once init has done everything else
  std::filesystem::path
      unfinished;  // the store file while init is at work: no entry can be there yet
  std::filesystem::path database;

  explicit Layout(const std::filesystem::path& at)
      : directory(at),
        store_file(at / "store"),
        unfinished(at / "store.init"),
        database(at / "db") {}
};

// Also if nobody can say what is there: who opens it then will hear why.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

// `path` whatever the working directory is later.
[[nodiscard]] std::filesystem::path resolved(const std::filesystem::path& path);

// That there are file descriptors left for a store; else `unavailable`, with what to do.
[[nodiscard]] Status check_room(const Layout& layout);

struct StoreFile {
  StoreInfo info;
  std::uint32_t format = 0;
};

// Fails as opening the store does.
[[nodiscard]] Result<StoreFile> load_store_file(const Layout& layout);
// Why a directory without a store file cannot be opened.
[[nodiscard]] Error explain_missing_store_file(const Layout& layout);

// The files of the database. It must be seen before LevelDB sees it, which removes what it takes
// for nobody's. `corrupt` if one is missing.
[[nodiscard]] Result<DatabaseFiles> check_database(const Layout& layout, const StoreFile& file);
// Why a database cannot be all that it was.
[[nodiscard]] Error explain_damage(const Layout& layout, const Error& error);

// What LevelDB says that opened the database, or did not.
[[nodiscard]] Status as_open_status(const Layout& layout, const leveldb::Status& status);

}  // namespace kipu::storage
