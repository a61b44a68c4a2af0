#include "storage/leveldb_store.h"

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include "base/check.h"
#include "base/little_endian.h"
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
#include "storage/store_layout.h"
#include "storage/watched_database.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

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
