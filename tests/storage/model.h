// A store as a list, and every read as a walk through all of it: slow, and plainly right. The
// conformance suite compares stores with it.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/query.h"
#include "storage/store.h"

namespace kipu::storage {

class Model {
 public:
  void merge(std::span<const PlacedEntry> entries) {
    for (const PlacedEntry& placed : entries) {
      const bool is_known = std::any_of(entries_.begin(), entries_.end(), [&](const auto& known) {
        return known.partition == placed.partition && known.entry == placed.entry;
      });
      if (!is_known) entries_.push_back(placed);
    }
  }

  const std::vector<PlacedEntry>& entries() const { return entries_; }

  Page page(const PageQuery& query) const {
    std::vector<Entry> found = of_key(query.partition, query.bucket, query.key);
    if (query.reverse) std::reverse(found.begin(), found.end());
    std::erase_if(found, [&](const Entry& entry) {
      const bool is_behind =
          !query.after || (query.reverse ? entry.id() < *query.after : entry.id() > *query.after);
      return !is_behind || !is_between(entry, query.since, query.until);
    });
    return cut(found, query.max_entries, query.max_bytes);
  }

  Count count(const CountQuery& query) const {
    std::vector<Entry> found = of_key(query.partition, query.bucket, query.key);
    std::erase_if(found, [&](const Entry& entry) {
      return (query.after && entry.id() <= *query.after) ||
             !is_between(entry, query.since, query.until);
    });
    Count count;
    const std::size_t most = std::max<std::size_t>(1, query.max_entries);
    if (found.size() > most) {
      found.resize(most);
      count.next_after = found.back().id();
    }
    count.entries = found.size();
    for (const Entry& entry : found) {
      count.values += entry.values.size();
      count.fingerprint += entry.digest.bits;
    }
    return count;
  }

  KeysPage keys(const KeysQuery& query) const {
    KeysPage page;
    std::size_t bytes = 0;
    std::uint32_t passed_over = 0;
    std::string last;
    for (const auto& [key, listed] : listed_keys(query)) {
      const bool is_listed = listed.is_listed;
      const std::size_t size = key.size() + (query.with_newest ? sizeof(KeysPage::Newest) : 0);
      const bool is_full = !page.keys.empty() &&
                           (page.keys.size() >= query.max_keys || bytes + size > query.max_bytes);
      if (passed_over == limits::kMaxKeysPassedOver || (is_listed && is_full)) {
        page.next_after = last;
        return page;
      }
      last = key;
      if (!is_listed) {
        ++passed_over;
        continue;
      }
      page.keys.push_back(key);
      if (query.with_newest) page.newest.push_back(listed.newest);
      bytes += size;
    }
    return page;
  }

  Page scan(const ScanQuery& query) const {
    std::vector<Entry> found;
    for (const PlacedEntry& placed : entries_) {
      const Entry& entry = placed.entry;
      if (placed.partition != query.partition || entry.bucket != query.bucket) continue;
      if (!entry.key.starts_with(query.prefix)) continue;
      if (query.after && place_of(entry) <= std::pair(query.after->key, query.after->id)) continue;
      found.push_back(entry);
    }
    std::sort(found.begin(), found.end(),
              [](const Entry& a, const Entry& b) { return place_of(a) < place_of(b); });
    return cut(found, query.max_entries, query.max_bytes);
  }

 private:
  static std::pair<std::string, EntryId> place_of(const Entry& entry) {
    return {entry.key, entry.id()};
  }

  static bool is_between(const Entry& entry, std::optional<StampTime> since,
                         std::optional<StampTime> until) {
    return (!since || entry.stamp.time >= *since) && (!until || entry.stamp.time < *until);
  }

  static Page cut(const std::vector<Entry>& found, std::size_t max_entries, std::size_t max_bytes) {
    Page page;
    std::size_t bytes = 0;
    for (const Entry& entry : found) {
      bytes += entry.message_bytes();
      const bool fits = page.entries.size() < max_entries && bytes <= max_bytes;
      if (!page.entries.empty() && !fits) {
        page.complete = false;
        return page;
      }
      page.entries.push_back(entry);
    }
    return page;
  }

  std::vector<Entry> of_key(PartitionId partition, const std::string& bucket,
                            const std::string& key) const {
    std::vector<Entry> found;
    for (const PlacedEntry& placed : entries_) {
      const Entry& entry = placed.entry;
      if (placed.partition == partition && entry.bucket == bucket && entry.key == key) {
        found.push_back(entry);
      }
    }
    std::sort(found.begin(), found.end(),
              [](const Entry& a, const Entry& b) { return a.id() < b.id(); });
    return found;
  }

  struct Listed {
    bool is_listed = false;
    KeysPage::Newest newest;
  };

  // Every key that the query is about, and whether it is to be listed.
  std::map<std::string, Listed> listed_keys(const KeysQuery& query) const {
    std::map<std::string, Listed> listed;
    for (const PartitionId partition : query.partitions) {
      std::map<std::string, Entry> newest;
      for (const PlacedEntry& placed : entries_) {
        const Entry& entry = placed.entry;
        if (placed.partition != partition || entry.bucket != query.bucket) continue;
        if (!entry.key.starts_with(query.prefix)) continue;
        if (query.after && entry.key <= *query.after) continue;
        const auto [at, is_first] = newest.try_emplace(entry.key, entry);
        if (!is_first && at->second.id() < entry.id()) at->second = entry;
      }
      for (const auto& [key, entry] : newest) {
        const bool removes = entry.kind == EntryKind::remove;
        Listed& one = listed[key];
        one.is_listed = one.is_listed || !query.skip_removed || !removes;
        if (one.newest.id < entry.id()) one.newest = {entry.id(), removes};
      }
    }
    return listed;
  }

  std::vector<PlacedEntry> entries_;
};

}  // namespace kipu::storage
