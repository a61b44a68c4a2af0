// What is done to a store that is not open: it is made, or told that what it lacks is lost.
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <leveldb/db.h>

#include "storage/files.h"
#include "storage/leveldb_store.h"
#include "storage/store_file.h"
#include "storage/store_layout.h"
#include "storage/watched_database.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

// What lies in the directory, other than an interrupted init and what a file system puts there.
Status check_empty(const Layout& layout) {
  std::error_code error;
  fs::directory_iterator at(layout.directory, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const fs::path& path = at->path();
    const bool is_leftover =
        is_there(layout.unfinished) && (path == layout.unfinished || path == layout.database);
    if (is_leftover || path.filename() == "lost+found") continue;
    return fail(ErrorCode::invalid_argument,
                path == layout.store_file
                    ? fmt::format("{} holds a store already", layout.directory.string())
                    : fmt::format("{} is not empty, it holds {}: choose another directory",
                                  layout.directory.string(), path.filename().string()));
  }
  if (error) {
    return fail(ErrorCode::io_error,
                fmt::format("cannot list {}: {}", layout.directory.string(), error.message()));
  }
  return {};
}

Status make_database(const Layout& layout) {
  leveldb::Options options;
  // Of an interrupted init, so nothing is in it.
  if (const leveldb::Status gone = leveldb::DestroyDB(layout.database.string(), options);
      !gone.ok()) {
    return as_open_status(layout, gone);
  }
  options.create_if_missing = true;
  options.error_if_exists = true;
  WatchedDatabase made;
  const leveldb::Status status = made.open(options, layout.database, {});
  if (Status opened = as_open_status(layout, status); !opened) return opened;
  return made.close();
}

// What an interrupted init was to make, so that repeating it needs nothing that was said then; if
// another is wanted, or that file is torn, a new one.
StoreInfo info_to_make(const Layout& layout, Rng& rng, StoreId instead_of, bool accepts_loss) {
  if (is_there(layout.unfinished)) {
    auto begun = read_file(layout.unfinished, kMaxStoreFileBytes).and_then(decode_store_file);
    const bool is_it =
        begun && (instead_of.is_none() ||
                  (begun->store == instead_of && begun->whole.accepts_loss == accepts_loss));
    if (is_it) return std::move(*begun);
  }
  StoreInfo info = make_store_info(rng, instead_of);
  info.whole.accepts_loss = accepts_loss;
  return info;
}

}  // namespace

Status init_leveldb_store(const fs::path& directory, Rng& rng, StoreId instead_of,
                          bool accepts_loss) {
  const Layout layout(resolved(directory));
  if (Status room = check_room(layout); !room) return room;
  if (Status made = make_directory(layout.directory); !made) return made;
  const Result<FileDescriptor> lock = lock_directory(layout.directory);
  if (!lock) return fail(lock.error());
  if (Status empty = check_empty(layout); !empty) return empty;
  const StoreInfo info = info_to_make(layout, rng, instead_of, accepts_loss);
  // From here on the directory says that init is at work; the rename at the end says that it is
  // done. So a crash at any point leaves what init can begin again and open refuses.
  Status done = write_file(layout.unfinished, encode_store_file(info));
  if (done) done = make_database(layout);
  if (done) done = sync_directory(layout.database);
  if (done) done = sync_directory(layout.directory);
  if (done) done = rename_file(layout.unfinished, layout.store_file);
  return done;
}

Status accept_loss(const fs::path& directory) {
  const Layout layout(resolved(directory));
  const Result<StoreSummary> found = inspect_leveldb_store(directory);
  if (!found) return fail(found.error());
  const Result<FileDescriptor> lock = lock_directory(layout.directory);
  if (!lock) return fail(lock.error());
  const auto bytes = read_file(layout.store_file, kMaxStoreFileBytes);
  auto info = bytes.and_then(decode_store_file);
  if (!info) return fail(info.error());
  const std::string name = layout.directory.string();
  if (format_of_store_file(*bytes) != kFormatVersion) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was written by a former version: start its worker once", name));
  }
  const bool lacks = info->whole.kind == Wholeness::Kind::none || !info->whole.missing.empty();
  if (!lacks) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} lacks nothing that it knows of: nothing was accepted", name));
  }
  info->whole.accepts_loss = true;
  return replace_file(layout.store_file, encode_store_file(*info));
}

}  // namespace kipu::storage
