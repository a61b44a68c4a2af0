// A LevelDB database of which a list of files is kept (database_files.h) while it is open.
#pragma once

#include <filesystem>
#include <memory>

#include <leveldb/db.h>
#include <leveldb/options.h>

#include "base/result.h"
#include "storage/database_files.h"

namespace kipu::storage {

class WatchedEnv;

// Thread rule: as leveldb::DB; opening, moving and closing by one thread, while nobody else has it.
class WatchedDatabase {
 public:
  WatchedDatabase();
  WatchedDatabase(WatchedDatabase&&) noexcept;
  WatchedDatabase& operator=(WatchedDatabase&&) = delete;
  // Closes it. If the list cannot be replaced then, it says of some files that they are at least as
  // long as they were earlier, which is true.
  ~WatchedDatabase();

  // Opens `path`, whose list says `files`; none for a database that has no list yet. REQUIRES: it
  // is not open, and `options` name no Env.
  [[nodiscard]] leveldb::Status open(leveldb::Options options, const std::filesystem::path& path,
                                     DatabaseFiles files);

  // Closes it, and notes how long each file is now. `io_error` if that could not be written.
  [[nodiscard]] Status close();

  // REQUIRES: it is open.
  leveldb::DB& operator*() const { return *db_; }
  leveldb::DB* operator->() const { return db_.get(); }

 private:
  std::unique_ptr<WatchedEnv> env_;  // outlives the database
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace kipu::storage
