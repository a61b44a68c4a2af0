#include "storage/memory_store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <queue>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Rng& rng) {
    info_.store = StoreId{Uuid::random(rng)};
    info_.runs.push_back(rng.next());
  }

  Status merge(std::span<const PlacedEntry> entries) override {
    for (const PlacedEntry& placed : entries) {
      if (Status valid = validate(placed.entry); !valid) return valid;
    }
    const std::unique_lock lock(mutex_);
    for (const PlacedEntry& placed : entries) insert(placed);
    return {};
  }

  Status save_map(ClusterId cluster, std::string map) override {
    if (Status fits = check_cluster(info_, cluster); !fits) return fits;
    info_.cluster = cluster;
    info_.map = std::move(map);
    return {};
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
    std::optional<EntryId> last;
    for (auto at = ids.begin; at != ids.end; ++at) {
      if (last && count.entries >= query.max_entries) {
        count.next_after = last;
        break;
      }
      ++count.entries;
      count.values += at->second.values.size();
      last = at->first;
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
      while (!cursors.empty() && cursors.top().at->first == key) {
        const Cursor cursor = cursors.top();
        cursors.pop();
        is_listed = is_listed || !query.skip_removed || !is_removed(cursor.at->second);
        push_cursor(cursors, cursor.map, std::next(cursor.at), query.prefix);
      }
      if (!page.add(key, is_listed)) break;
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

  struct Cursor {
    const KeyMap* map;
    KeyMap::const_iterator at;
  };
  struct LaterKey {
    bool operator()(const Cursor& a, const Cursor& b) const { return a.at->first > b.at->first; }
  };
  using Cursors = std::priority_queue<Cursor, std::vector<Cursor>, LaterKey>;

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

  // Guards what follows it. The map and the runs belong to the committing thread alone.
  mutable std::shared_mutex mutex_;
  std::map<BucketPlace, KeyMap> buckets_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;

  StoreInfo info_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Rng& rng) {
  return std::make_unique<MemoryStore>(rng);
}

}  // namespace kipu::storage
