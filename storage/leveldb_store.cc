#include "storage/leveldb_store.h"

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include "base/check.h"
#include "base/descriptors.h"
#include "base/little_endian.h"
#include "base/shell_quoted.h"
#include "storage/database_files.h"
#include "storage/files.h"
#include "storage/key_codec.h"
#include "storage/leveldb_cursor.h"
#include "storage/leveldb_log.h"
#include "storage/leveldb_reads.h"
#include "storage/leveldb_runs.h"
#include "storage/log_index.h"
#include "storage/record.h"
#include "storage/store_file.h"
#include "storage/watched_database.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

// What LevelDB and this take to open a store, about twice over: so that neither an `init` ends
// half-way for want of them, nor what it does later.
constexpr std::size_t kDescriptors = 16;

// What a store's directory holds.
struct Layout {
  fs::path directory;
  fs::path store_file;  // there once init has done everything else
  fs::path unfinished;  // the store file while init is at work: no entry can be there yet
  fs::path database;

  explicit Layout(const fs::path& at)
      : directory(at),
        store_file(at / "store"),
        unfinished(at / "store.init"),
        database(at / "db") {}
};

// Also if nobody can say what is there: who opens it then will hear why.
bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::status(path, error).type() != fs::file_type::not_found;
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path made = fs::absolute(path, error);
  return error ? path : made;
}

constexpr std::string_view kStatisticsKey(&space::kStatistics, 1);

// How many entries were ever merged, as the database says: not exact, so what cannot be read is
// none, and keeps nobody from opening the store.
std::uint64_t merged_entries(leveldb::DB& db) {
  std::string value;
  const leveldb::Status found = db.Get({}, as_slice(kStatisticsKey), &value);
  return found.ok() && value.size() == sizeof(std::uint64_t) ? load_le<std::uint64_t>(value.data())
                                                             : 0;
}

Error as_write_failure(const Layout& layout, std::string_view why) {
  return {ErrorCode::io_error,
          fmt::format("cannot write to the store in {}: {}", layout.directory.string(), why)};
}

class LevelDbStore final : public Store {
 public:
  LevelDbStore(Layout layout, FileDescriptor lock, std::unique_ptr<leveldb::Cache> cache,
               WatchedDatabase db, StoreInfo info, LogIndex log_index)
      : layout_(std::move(layout)),
        lock_(std::move(lock)),
        cache_(std::move(cache)),
        db_(std::move(db)),
        info_(std::move(info)),
        log_index_(std::move(log_index)),
        bounds_(log_index_.bounds()),
        merged_(merged_entries(*db_)) {}

  using Store::merge;
  Status merge(const Change& change) override {
    if (has_failed_) return refuse_after_failure();
    batch_.Clear();
    is_changed_ = false;
    for (const PlacedEntry& placed : change.entries) {
      if (Status valid = validate(placed.entry); !valid) return valid;
      put(placed);
    }
    LevelDbLog log(*db_);
    const LogIndex::Step step = log_index_.plan(change, log);
    put_log(step);
    put_positions(space::kCursor, change.cursors);
    put_positions(space::kAcknowledged, change.acknowledged);
    if (!is_changed_) return {};
    if (Status written = commit(change.entries.size()); !written) return written;
    log_index_.apply(step);
    const std::lock_guard lock(bounds_mutex_);
    bounds_ = step.after;
    return {};
  }

  Status save_map(ClusterId cluster, std::string map) override {
    if (has_failed_) return refuse_after_failure();
    if (Status fits = check_cluster(info_, cluster); !fits) return fits;
    StoreInfo next = info_;
    next.cluster = cluster;
    next.map = std::move(map);
    return save(std::move(next));
  }

  Status save_wholeness(Wholeness whole) override {
    if (has_failed_) return refuse_after_failure();
    StoreInfo next = info_;
    next.whole = std::move(whole);
    return save(std::move(next));
  }

  Result<Fetched> fetch(const FetchQuery& query) const override {
    LogBounds bounds;
    {
      const std::lock_guard lock(bounds_mutex_);
      bounds = bounds_;
    }
    LevelDbLog log(*db_);
    return fetch_log(log, bounds, query);
  }

  Result<bool> has(const PlacedEntry& placed) const override {
    std::string key;
    append_name(key, placed);
    std::string value;
    const leveldb::Status found = db_->Get(verified_reads(), as_slice(key), &value);
    if (found.IsNotFound()) return false;
    if (Status read = as_read_status(found); !read) return fail(read.error());
    return true;
  }

  Result<Page> page(const PageQuery& query) const override { return read_page(*db_, query); }
  Result<Count> count(const CountQuery& query) const override { return read_count(*db_, query); }
  Result<KeysPage> keys(const KeysQuery& query) const override { return read_keys(*db_, query); }
  Result<Page> scan(const ScanQuery& query) const override { return read_scan(*db_, query); }

  const StoreInfo& info() const override { return info_; }

  StoreStats stats() const override {
    return {.entries_estimate = merged_.load(std::memory_order_relaxed),
            .disk_bytes = table_bytes() + log_bytes(),
            .free_bytes = free_bytes(layout_.directory),
            .is_gone = !is_there(layout_.database)};
  }

 private:
  void put(const PlacedEntry& placed) {
    key_.clear();
    append_name(key_, placed);
    value_.clear();
    append_record_value(value_, placed.entry);
    put(key_, value_);
  }

  // The key of the entry's record.
  static void append_name(std::string& to, const PlacedEntry& placed) {
    append_bucket_prefix(to, placed.partition, placed.entry.bucket);
    append_escaped(to, placed.entry.key);
    append_key_end(to);
    append_id(to, placed.entry.id());
  }

  void put(std::string_view key, std::string_view value) {
    batch_.Put(as_slice(key), as_slice(value));
    is_changed_ = true;
  }

  void put_log(const LogIndex::Step& step) {
    if (step.added) put(encode_log_key(step.added->first), step.added->second);
    for (const LogPlace& place : step.trimmed) batch_.Delete(encode_log_key(place));
    is_changed_ = is_changed_ || !step.trimmed.empty();
  }

  void put_positions(char in, const std::map<StoreId, Position>& positions) {
    for (const auto& [store, position] : positions) {
      value_.clear();
      append_position(value_, position);
      put(encode_cursor_key(in, store), value_);
    }
  }

  Status commit(std::size_t entries) {
    const std::uint64_t merged = merged_.load(std::memory_order_relaxed) + entries;
    value_.clear();
    append_le(value_, merged);
    if (entries > 0) put(kStatisticsKey, value_);
    leveldb::WriteOptions options;
    options.sync = true;  // always: a mix of synced and other writes loses synced ones
    const leveldb::Status written = db_->Write(options, &batch_);
    if (!written.ok()) {
      has_failed_ = true;
      return fail(as_write_failure(layout_, written.ToString()));
    }
    merged_.store(merged, std::memory_order_relaxed);
    return {};
  }

  Status save(StoreInfo next) {
    const std::string bytes = encode_store_file(next);
    if (bytes.size() > kMaxStoreFileBytes) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("a map of {} bytes is larger than any can be", next.map.size()));
    }
    if (Status replaced = replace_file(layout_.store_file, bytes); !replaced) {
      has_failed_ = true;
      return replaced;
    }
    info_ = std::move(next);
    return {};
  }

  Status refuse_after_failure() const {
    return fail(ErrorCode::io_error,
                fmt::format("a write to the store in {} failed earlier: the process must be "
                            "restarted before it writes again",
                            layout_.directory.string()));
  }

  // Both from memory, without asking the file system: a store may have thousands of files.
  std::uint64_t table_bytes() const {
    const std::array<char, 1> last{'\xff'};
    const leveldb::Range all(leveldb::Slice(), leveldb::Slice(last.data(), last.size()));
    std::uint64_t bytes = 0;
    db_->GetApproximateSizes(&all, 1, &bytes);
    return bytes;
  }

  // What is not in tables yet lies in write buffers, and as much of it in logs.
  std::uint64_t log_bytes() const {
    std::string memory;
    if (!db_->GetProperty("leveldb.approximate-memory-usage", &memory)) return 0;
    const std::uint64_t all = std::strtoull(memory.c_str(), nullptr, 10);
    const std::uint64_t cached = cache_->TotalCharge();
    return all > cached ? all - cached : 0;
  }

  // Constant after construction. The lock goes last, and the cache outlives the database.
  const Layout layout_;
  const FileDescriptor lock_;
  const std::unique_ptr<leveldb::Cache> cache_;
  const WatchedDatabase db_;

  // Of the committing thread. Batch and scratch are reused, so that a merge allocates nothing.
  StoreInfo info_;
  bool has_failed_ = false;
  LogIndex log_index_;
  leveldb::WriteBatch batch_;
  bool is_changed_ = false;  // by what is in the batch
  std::string key_;
  std::string value_;

  mutable std::mutex bounds_mutex_;
  LogBounds bounds_;  // of the log, for readers; guarded by bounds_mutex_

  std::atomic<std::uint64_t> merged_;
};

leveldb::Options database_options(const LevelDbOptions& options, leveldb::Cache* cache) {
  leveldb::Options made;
  made.create_if_missing = false;
  made.paranoid_checks = true;
  made.write_buffer_size = options.write_buffer_bytes;
  made.max_file_size = options.table_bytes;
  made.block_cache = cache;
  return made;
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

// Why a directory without a store file cannot be opened.
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

struct StoreFile {
  StoreInfo info;
  std::uint32_t format = 0;
};

Result<StoreFile> load_store_file(const Layout& layout) {
  if (!is_there(layout.store_file)) return fail(explain_missing_store_file(layout));
  const Result<std::string> bytes = read_file(layout.store_file, kMaxStoreFileBytes);
  if (!bytes) return fail(explain_store_file(layout, bytes.error()));
  Result<StoreInfo> info = decode_store_file(*bytes);
  if (!info) return fail(explain_store_file(layout, info.error()));
  return StoreFile{std::move(*info), format_of_store_file(*bytes)};
}

// Why a database cannot be all that it was.
Error explain_damage(const Layout& layout, const Error& error) {
  if (error.code != ErrorCode::corrupt) return error;
  return {error.code,
          fmt::format("{}: the store has lost data, and nothing is made in its place: restore a "
                      "copy of {}",
                      error.message, layout.directory.string())};
}

// What must be seen before LevelDB sees it: it removes what it takes for nobody's.
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

Status check_runs(leveldb::DB& db, const Layout& layout, const StoreFile& file) {
  if (file.format < kFirstChecked) return {};
  Status known = check_runs(db, file.info);
  if (known) return {};
  return fail(
      known.error().code,
      fmt::format("the database in {} and {} do not belong together ({})", layout.database.string(),
                  layout.store_file.string(), known.error().message));
}

// Where the streams stand, in `info` too. What cannot be read of that keeps nobody from opening the
// store: it is as if it had been trimmed, or never been there.
LogIndex load_streams(leveldb::DB& db, const LogLimits& limits, StoreInfo& info) {
  LogIndex index(limits, info.runs.back().number, info.forgotten_runs + info.runs.size() - 1);
  LevelDbLog log(db);
  index.load(log);
  info.stream = {index.bounds().head, read_positions(db, space::kCursor),
                 read_positions(db, space::kAcknowledged)};
  end_runs(info, info.stream.head);
  return index;
}

Status check_room(const Layout& layout) {
  return check_descriptors(kDescriptors, fmt::format("the store in {}", layout.directory.string()));
}

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

// A new run, known to the database and then to the store file, before the store serves anything.
Result<LogIndex> begin_run(const Layout& layout, leveldb::DB& db, const LogLimits& limits,
                           StoreInfo& info, Rng& rng) {
  const StoreInfo before = info;
  add_run(info, rng);
  LogIndex log_index = load_streams(db, limits, info);
  Status begun = write_run(db, before, info);
  if (!begun) return fail(as_write_failure(layout, begun.error().message));
  begun = replace_file(layout.store_file, encode_store_file(info));
  if (!begun) return fail(std::move(begun.error()));
  return log_index;
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

Result<std::unique_ptr<Store>> open_leveldb_store(const fs::path& directory,
                                                  const LevelDbOptions& options, Rng& rng) {
  Layout layout(resolved(directory));
  if (!is_there(layout.directory)) return fail(explain_missing_store_file(layout));
  if (Status room = check_room(layout); !room) {
    return fail(std::move(room.error()));
  }
  Result<FileDescriptor> lock = lock_directory(layout.directory);
  if (!lock) return fail(std::move(lock.error()));
  Result<StoreFile> file = load_store_file(layout);
  if (!file) return fail(std::move(file.error()));
  Result<DatabaseFiles> files = check_database(layout, *file);
  if (!files) return fail(explain_damage(layout, files.error()));

  std::unique_ptr<leveldb::Cache> cache(leveldb::NewLRUCache(options.block_cache_bytes));
  WatchedDatabase db;
  const leveldb::Status status =
      db.open(database_options(options, cache.get()), layout.database, std::move(*files));
  if (Status good = as_open_status(layout, status); !good) return fail(std::move(good.error()));
  if (Status known = check_runs(*db, layout, *file); !known) {
    return fail(explain_damage(layout, known.error()));
  }
  Result<LogIndex> log_index = begin_run(layout, *db, options.log, file->info, rng);
  if (!log_index) return fail(std::move(log_index.error()));
  return std::make_unique<LevelDbStore>(std::move(layout), std::move(*lock), std::move(cache),
                                        std::move(db), std::move(file->info),
                                        std::move(*log_index));
}

Result<StoreSummary> inspect_leveldb_store(const fs::path& directory) {
  const Layout layout(resolved(directory));
  auto file = load_store_file(layout);
  if (!file) return fail(file.error());
  const auto files = check_database(layout, *file);
  const Status whole = files ? Status() : Status(fail(explain_damage(layout, files.error())));
  return StoreSummary{file->format, std::move(file->info), whole};
}

}  // namespace kipu::storage
