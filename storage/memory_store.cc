#include "storage/memory_store.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <queue>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "storage/log_index.h"
#include "storage/range.h"

namespace kipu::storage {
namespace {

struct Body {
  EntryKind kind = EntryKind::append;
  Values values;
};
using History = std::map<EntryId, Body>;                     // of one key
using KeyMap = std::map<std::string, History, std::less<>>;  // of one bucket and partition
using BucketPlace = std::pair<PartitionId, std::string>;

struct IdSlice {
  History::const_iterator begin;
  History::const_iterator end;
};

IdSlice slice(const History& history, const IdRange& range) {
  if (range.is_empty()) return {history.end(), history.end()};
  const auto begin =
      range.includes_least ? history.lower_bound(range.least) : history.upper_bound(range.least);
  return {begin, range.end ? history.lower_bound(*range.end) : history.end()};
}

bool is_removed(const History& history) {
  return history.rbegin()->second.kind == EntryKind::remove;
}

KeysPage::Newest newest_of(const History& history) {
  return {history.rbegin()->first, is_removed(history)};
}

// Adds an entry to `page`, or says that the page ends before it.
bool add(Page& page, PageBudget& budget, const std::string& bucket, const std::string& key,
         const History::value_type& stored) {
  const auto& [id, body] = stored;
  Entry entry{bucket, key, id.stamp, body.kind, body.values, id.digest};
  if (!budget.take(entry.message_bytes())) {
    page.complete = false;
    return false;
  }
  page.entries.push_back(std::move(entry));
  return true;
}

using Log = std::map<LogPlace, std::string>;  // values as a database has them

class MapStore final : public MemoryStore {
 public:
  MapStore(Rng& rng, const MemoryStoreOptions& options)
      : limits_(options.log),
        info_(make_store_info(rng, options.instead_of)),
        log_index_({}, 0, 0) {
    open(rng);
  }

  std::unique_ptr<MemoryStore> clone() const override {
    const std::shared_lock lock(mutex_);
    return std::unique_ptr<MemoryStore>(new MapStore(*this, lock));
  }

  void reopen(Rng& rng) override { open(rng); }

  bool lose(const RecordKey& name) override {
    const std::unique_lock lock(mutex_);
    const auto bucket = buckets_.find({name.partition, name.bucket});
    if (bucket == buckets_.end()) return false;
    const auto history = bucket->second.find(name.key);
    if (history == bucket->second.end() || history->second.erase(name.id) == 0) return false;
    if (history->second.empty()) bucket->second.erase(history);
    return true;
  }

  void revive(Rng& rng) override {
    const std::unique_lock lock(mutex_);
    for (const auto& [place, value] : trimmed_) {
      if (rng.one_in(3)) log_.emplace(place, value);
    }
  }

  using Store::merge;
  Status merge(const Change& change) override {
    for (const PlacedEntry& placed : change.entries) {
      if (Status valid = validate(placed.entry); !valid) return valid;
    }
    const std::unique_lock lock(mutex_);
    for (const PlacedEntry& placed : change.entries) insert(placed);
    merge_log(change);
    for (const auto& [store, position] : change.cursors) cursors_[store] = position;
    for (const auto& [store, position] : change.acknowledged) acknowledged_[store] = position;
    return {};
  }

  Status save_map(ClusterId cluster, std::string map) override {
    if (Status fits = check_cluster(info_, cluster); !fits) return fits;
    info_.cluster = cluster;
    info_.map = std::move(map);
    return {};
  }

  Status save_wholeness(Wholeness whole) override {
    info_.whole = std::move(whole);
    return {};
  }

  Result<Fetched> fetch(const FetchQuery& query) const override {
    const std::shared_lock lock(mutex_);
    LogWalk walk(*this);
    return fetch_log(walk, log_index_.bounds(), query);
  }

  Result<bool> has(const PlacedEntry& placed) const override {
    const std::shared_lock lock(mutex_);
    const auto bucket = buckets_.find({placed.partition, placed.entry.bucket});
    if (bucket == buckets_.end()) return false;
    const auto history = bucket->second.find(placed.entry.key);
    return history != bucket->second.end() && history->second.contains(placed.entry.id());
  }

  Result<Page> page(const PageQuery& query) const override {
    const std::shared_lock lock(mutex_);
    Page page;
    const History* history = find_history(query.partition, query.bucket, query.key);
    if (history == nullptr) return page;
    PageBudget budget(query.max_entries, query.max_bytes);
    IdSlice left = slice(*history, range_of(query));
    while (left.begin != left.end) {
      const auto next = query.reverse ? --left.end : left.begin++;
      if (!add(page, budget, query.bucket, query.key, *next)) break;
    }
    return page;
  }

  Result<Count> count(const CountQuery& query) const override {
    const std::shared_lock lock(mutex_);
    Count count;
    const History* history = find_history(query.partition, query.bucket, query.key);
    if (history == nullptr) return count;
    const IdSlice ids = slice(*history, range_of(query));
    PageBudget budget(query.max_entries, limits::kMaxCountBytes);
    for (auto at = ids.begin; at != ids.end; ++at) {
      const auto& [id, body] = *at;
      const Entry entry{query.bucket, query.key, id.stamp, body.kind, body.values, id.digest};
      if (!budget.take(entry.message_bytes())) {
        count.next_after = std::prev(at)->first;
        break;
      }
      ++count.entries;
      count.values += body.values.size();
      count.fingerprint += id.digest.bits;
    }
    return count;
  }

  Result<KeysPage> keys(const KeysQuery& query) const override {
    const std::shared_lock lock(mutex_);
    KeysPageBuilder page(query);
    Cursors cursors = open_cursors(query);
    while (!cursors.empty()) {
      const std::string_view key = cursors.top().at->first;
      bool is_listed = false;
      std::optional<KeysPage::Newest> newest;
      while (!cursors.empty() && cursors.top().at->first == key) {
        const Cursor cursor = cursors.top();
        cursors.pop();
        is_listed = is_listed || !query.skip_removed || !is_removed(cursor.at->second);
        if (query.with_newest) newest = newer_of(newest, newest_of(cursor.at->second));
        push_cursor(cursors, cursor.map, std::next(cursor.at), query.prefix);
      }
      if (!page.add(key, is_listed, newest)) break;
    }
    return std::move(page).take();
  }

  Result<Page> scan(const ScanQuery& query) const override {
    const std::shared_lock lock(mutex_);
    Page page;
    const KeyMap* keys = find_bucket(query.partition, query.bucket);
    if (keys == nullptr) return page;
    PageBudget budget(query.max_entries, query.max_bytes);
    const std::string& first =
        query.after ? std::max(query.prefix, query.after->key) : query.prefix;
    for (auto at = keys->lower_bound(first); at != keys->end(); ++at) {
      const auto& [key, history] = *at;
      if (!key.starts_with(query.prefix)) break;
      const bool goes_on = query.after && query.after->key == key;
      auto id = goes_on ? history.upper_bound(query.after->id) : history.begin();
      for (; id != history.end(); ++id) {
        if (!add(page, budget, query.bucket, key, *id)) return page;
      }
    }
    return page;
  }

  const StoreInfo& info() const override { return info_; }

  StoreStats stats() const override {
    const std::shared_lock lock(mutex_);
    return {.entries_estimate = entries_, .disk_bytes = bytes_, .free_bytes = kFreeBytes};
  }

 private:
  static constexpr std::uint64_t kFreeBytes = std::uint64_t{1} << 50U;  // as good as endless
  static constexpr std::size_t kMostTrimmed = 100;                      // that may come back

  struct Cursor {
    const KeyMap* map;
    KeyMap::const_iterator at;
  };
  struct LaterKey {
    bool operator()(const Cursor& a, const Cursor& b) const { return a.at->first > b.at->first; }
  };
  using Cursors = std::priority_queue<Cursor, std::vector<Cursor>, LaterKey>;

  class LogWalk final : public LogSource {
   public:
    explicit LogWalk(const MapStore& store) : store_(store), at_(store.log_.end()) {}
    void seek(const LogPlace& place) override { at_ = store_.log_.lower_bound(place); }
    void seek_last() override {
      at_ = store_.log_.end();
      if (!store_.log_.empty()) --at_;
    }
    void next() override { ++at_; }
    bool is_valid() const override { return at_ != store_.log_.end(); }
    Result<LogRecord> record() const override {
      return decode_log_record(encode_log_key(at_->first), at_->second);
    }
    Result<std::vector<RecordKey>> names() const override { return decode_log_names(at_->second); }
    Status status() const override { return {}; }
    Result<Entry> entry(const RecordKey& name) const override { return store_.find_entry(name); }

   private:
    const MapStore& store_;
    Log::const_iterator at_;
  };

  // Holds `lock` of the one that it copies.
  MapStore(const MapStore& from, const std::shared_lock<std::shared_mutex>& /*lock*/)
      : limits_(from.limits_),
        buckets_(from.buckets_),
        entries_(from.entries_),
        bytes_(from.bytes_),
        log_(from.log_),
        trimmed_(from.trimmed_),
        cursors_(from.cursors_),
        acknowledged_(from.acknowledged_),
        info_(from.info_),
        log_index_(from.log_index_) {}

  void open(Rng& rng) {
    const std::unique_lock lock(mutex_);
    add_run(info_, rng);
    log_index_ =
        LogIndex(limits_, info_.runs.back().number, info_.forgotten_runs + info_.runs.size() - 1);
    LogWalk walk(*this);
    log_index_.load(walk);
    info_.stream = {log_index_.bounds().head, cursors_, acknowledged_};
    end_runs(info_, info_.stream.head);
  }

  void merge_log(const Change& change) {
    LogWalk walk(*this);
    LogIndex::Step step = log_index_.plan(change, walk);
    for (const LogPlace& place : step.trimmed) bury(place);
    if (step.added) log_.insert(std::move(*step.added));
    log_index_.apply(step);
  }

  void bury(const LogPlace& place) {
    const auto found = log_.find(place);
    if (found == log_.end()) return;
    trimmed_.push_back(std::move(*found));
    if (trimmed_.size() > kMostTrimmed) trimmed_.pop_front();
    log_.erase(found);
  }

  Result<Entry> find_entry(const RecordKey& name) const {
    const History* history = find_history(name.partition, name.bucket, name.key);
    if (history != nullptr) {
      const auto found = history->find(name.id);
      if (found != history->end()) {
        return Entry{name.bucket,          name.key,
                     found->first.stamp,   found->second.kind,
                     found->second.values, found->first.digest};
      }
    }
    return fail(ErrorCode::unreadable, missing_entry(name));
  }

  void insert(const PlacedEntry& placed) {
    const Entry& entry = placed.entry;
    KeyMap& keys = buckets_[{placed.partition, entry.bucket}];
    const auto [at, is_new] =
        keys[entry.key].try_emplace(entry.id(), Body{entry.kind, entry.values});
    if (!is_new) return;
    ++entries_;
    bytes_ += entry.pair_bytes();
  }

  const KeyMap* find_bucket(PartitionId partition, const std::string& bucket) const {
    const auto found = buckets_.find({partition, bucket});
    return found == buckets_.end() ? nullptr : &found->second;
  }

  const History* find_history(PartitionId partition, const std::string& bucket,
                              const std::string& key) const {
    const KeyMap* keys = find_bucket(partition, bucket);
    if (keys == nullptr) return nullptr;
    const auto found = keys->find(key);
    return found == keys->end() ? nullptr : &found->second;
  }

  Cursors open_cursors(const KeysQuery& query) const {
    Cursors cursors;
    for (const PartitionId partition : query.partitions) {
      const KeyMap* keys = find_bucket(partition, query.bucket);
      if (keys == nullptr) continue;
      const bool goes_on = query.after && *query.after >= query.prefix;
      push_cursor(cursors, keys,
                  goes_on ? keys->upper_bound(*query.after) : keys->lower_bound(query.prefix),
                  query.prefix);
    }
    return cursors;
  }

  static void push_cursor(Cursors& cursors, const KeyMap* map, KeyMap::const_iterator at,
                          std::string_view prefix) {
    if (at != map->end() && at->first.starts_with(prefix)) cursors.push({map, at});
  }

  const LogLimits limits_;

  // Guards what follows it. The names, the map and the runs belong to the committing thread alone.
  mutable std::shared_mutex mutex_;
  std::map<BucketPlace, KeyMap> buckets_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  Log log_;
  std::deque<std::pair<LogPlace, std::string>> trimmed_;  // the last ones, oldest first
  std::map<StoreId, Position> cursors_;
  std::map<StoreId, Position> acknowledged_;

  StoreInfo info_;
  LogIndex log_index_;  // guarded too
};

}  // namespace

std::unique_ptr<MemoryStore> make_memory_store(Rng& rng, const MemoryStoreOptions& options) {
  return std::make_unique<MapStore>(rng, options);
}

}  // namespace kipu::storage
