// What the model says of reads.
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "cluster/map.h"
#include "tests/sim/checkers/model.h"

namespace kipu::sim {

// The ids of one key that a reply speaks for: those that the query asked for, up to where an
// incomplete reply ended.
struct Model::Range {
  bool reverse = false;
  std::optional<StampTime> since;
  std::optional<StampTime> until;
  std::optional<EntryId> after;
  std::optional<EntryId> last;  // inclusive

  bool contains(const EntryId& id) const {
    if (since && id.stamp.time < *since) return false;
    if (until && id.stamp.time >= *until) return false;
    if (after && !before(*after, id)) return false;
    return !last || !before(*last, id);
  }
  // In the direction of reading.
  bool before(const EntryId& a, const EntryId& b) const { return reverse ? b < a : a < b; }
};

struct Model::Bounds {
  std::uint64_t least_entries = 0;
  std::uint64_t most_entries = 0;
  std::uint64_t least_values = 0;
  std::uint64_t most_values = 0;
};

void Model::check_order(const Range& range, const std::vector<Entry>& entries,
                        const std::string& what) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const EntryId id = entries[i].id();
    if (i > 0 && !range.before(entries[i - 1].id(), id)) {
      verdict_.fail("I3", what + " repeats an entry, or is out of order: " + describe(entries[i]));
    }
    if (!range.contains(id)) {
      verdict_.fail("I2", what + " holds what was not asked for: " + describe(entries[i]));
    }
  }
}

void Model::check_nothing_missing(Moment begun, const Range& range, const KeyName& name,
                                  const std::vector<Entry>& entries, const std::string& what,
                                  std::uint32_t asked) {
  const auto writes = by_key_.find(name);
  if (writes == by_key_.end()) return;
  std::set<EntryId> returned;
  for (const Entry& entry : entries) {
    if (entry.key == name.second) returned.insert(entry.id());
  }
  for (const WriteId id : writes->second) {
    const Write& write = writes_[id];
    const bool due = is_due(write, begun, asked);
    if (due && range.contains(write.entry.id()) && !returned.contains(write.entry.id())) {
      verdict_.fail(write.acknowledged ? "I1" : "I4",
                    fmt::format("{} lacks {}", what, describe(write.entry)));
    }
  }
}

void Model::check_read(const Entry& entry, std::uint32_t asked) {
  check_seen(entry, "read");
  const Write* write = find(entry);
  if (write == nullptr) return;
  if (!write->on_disk()) {
    verdict_.fail("I4", "read before it was on a disk: " + describe(entry));
  }
  const auto disks = static_cast<std::uint32_t>(std::popcount(write->ever));
  const std::uint32_t majority = replicas_ / 2 + 1;
  if (asked >= majority && disks < majority) {
    verdict_.fail("I4",
                  fmt::format("read from a majority, and on {} disks: {}", disks, describe(entry)));
  }
}

// A read of a majority answers only once a majority holds all of it for good.
void Model::settle_read(const Page& page, std::uint32_t asked) {
  const std::uint32_t majority = replicas_ / 2 + 1;
  for (const Entry& entry : page.entries) {
    Write* write = find(entry);
    if (write != nullptr) settle(*write, asked < majority ? 1 : majority);
  }
}

void Model::on_page(Moment begun, const PageQuery& query, const Page& page, std::uint32_t asked) {
  const std::string what = fmt::format("a page of {}", query.bucket);
  Range range{query.reverse, query.since, query.until, query.after, std::nullopt};
  check_order(range, page.entries, what);
  if (page.entries.size() > std::max(query.max_entries, 1U)) {
    verdict_.fail("I6", what + " has more entries than were asked for");
  }
  for (const Entry& entry : page.entries) {
    if (entry.bucket != query.bucket || entry.key != query.key) {
      verdict_.fail("I2", what + " holds another key's entry: " + describe(entry));
    }
    check_read(entry, asked);
  }
  if (!page.complete) {
    if (page.entries.empty()) {
      verdict_.fail("I6", what + " is empty, and not complete");
      return;
    }
    range.last = page.entries.back().id();
  }
  check_nothing_missing(begun, range, {query.bucket, query.key}, page.entries, what, asked);
  settle_read(page, asked);
}

void Model::on_scan(Moment begun, const ScanQuery& query, std::uint32_t partitions,
                    const Page& page, std::uint32_t asked) {
  const std::string what = fmt::format("a scan of {}", query.bucket);
  const auto position = [](const Entry& entry) { return std::pair(entry.key, entry.id()); };
  for (std::size_t i = 0; i < page.entries.size(); ++i) {
    check_read(page.entries[i], asked);
    if (i > 0 && position(page.entries[i - 1]) >= position(page.entries[i])) {
      verdict_.fail("I3", what + " repeats an entry, or is out of order");
    }
  }
  if (!page.complete && page.entries.empty()) {
    verdict_.fail("I6", what + " is empty, and not complete");
    return;
  }
  for (const auto& [name, writes] : by_key_) {
    if (name.first != query.bucket || !name.second.starts_with(query.prefix)) continue;
    if (cluster::partition_of(name.first, name.second, partitions) != query.partition) continue;
    Range range;
    if (query.after && name.second < query.after->key) continue;
    if (query.after && name.second == query.after->key) range.after = query.after->id;
    if (!page.complete && name.second > page.entries.back().key) continue;
    if (!page.complete && name.second == page.entries.back().key) {
      range.last = page.entries.back().id();
    }
    check_nothing_missing(begun, range, name, page.entries, what, asked);
  }
  settle_read(page, asked);
}

Model::Bounds Model::bounds(Moment begun, const Range& range, const KeyName& name,
                            std::uint32_t asked) const {
  Bounds bounds;
  const auto writes = by_key_.find(name);
  if (writes == by_key_.end()) return bounds;
  for (const WriteId id : writes->second) {
    const Write& write = writes_[id];
    // A write whose stamp is not known yet may lie in any range.
    if (write.stamped && !range.contains(write.entry.id())) continue;
    if (!write.on_disk()) continue;
    ++bounds.most_entries;
    bounds.most_values += write.entry.values.size();
    if (!is_due(write, begun, asked)) continue;
    ++bounds.least_entries;
    bounds.least_values += write.entry.values.size();
  }
  return bounds;
}

void Model::on_count(Moment begun, const CountQuery& query, const Count& count,
                     std::uint32_t asked) {
  const Range range{false, query.since, query.until, query.after, count.next_after};
  const Bounds expected = bounds(begun, range, {query.bucket, query.key}, asked);
  const auto within = [](std::uint64_t n, std::uint64_t least, std::uint64_t most) {
    return least <= n && n <= most;
  };
  if (!within(count.entries, expected.least_entries, expected.most_entries) ||
      !within(count.values, expected.least_values, expected.most_values)) {
    verdict_.fail(count.entries < expected.least_entries ? "I1" : "I3",
                  fmt::format("a count of {} gives {} entries and {} values, not {} to {} and "
                              "{} to {}",
                              query.bucket, count.entries, count.values, expected.least_entries,
                              expected.most_entries, expected.least_values, expected.most_values));
  }
}

// Whether a key must be listed: something of it is certain, and if removals hide keys, nothing that
// may be stored could be a removal that is newer than what is certain.
bool Model::must_be_listed(Moment begun, const KeyName& name, bool skip_removed,
                           std::uint32_t asked) const {
  const Write* newest = nullptr;
  for (const WriteId id : by_key_.at(name)) {
    const Write& write = writes_[id];
    if (!is_due(write, begun, asked)) continue;
    if (newest == nullptr || newest->entry.id() < write.entry.id()) newest = &write;
  }
  if (newest == nullptr || !skip_removed) return newest != nullptr;
  if (newest->entry.kind == EntryKind::remove) return false;
  const auto hides = [&](WriteId id) {
    const Write& write = writes_[id];
    return write.entry.kind == EntryKind::remove && write.on_disk() &&
           newest->entry.id() < write.entry.id();
  };
  const auto& writes = by_key_.at(name);
  return std::none_of(writes.begin(), writes.end(), hides);
}

bool Model::may_be_listed(Moment begun, const KeyName& name, bool skip_removed,
                          std::uint32_t asked) const {
  const auto writes = by_key_.find(name);
  if (writes == by_key_.end()) return false;
  const Write* removal = nullptr;  // the newest that is certain
  for (const WriteId id : writes->second) {
    const Write& write = writes_[id];
    if (write.entry.kind != EntryKind::remove) continue;
    if (!is_due(write, begun, asked)) continue;
    if (removal == nullptr || removal->entry.id() < write.entry.id()) removal = &write;
  }
  return std::any_of(writes->second.begin(), writes->second.end(), [&](WriteId id) {
    const Write& write = writes_[id];
    if (!write.on_disk()) return false;
    if (!skip_removed) return true;
    if (write.entry.kind == EntryKind::remove) return false;
    return removal == nullptr || removal->entry.id() < write.entry.id();
  });
}

void Model::on_keys(Moment begun, const KeysQuery& query, std::uint32_t partitions,
                    const KeysPage& page, std::uint32_t asked) {
  const std::string what = fmt::format("a list of the keys of {}", query.bucket);
  std::set<std::string> listed;
  for (std::size_t i = 0; i < page.keys.size(); ++i) {
    const std::string& key = page.keys[i];
    listed.insert(key);
    const bool misplaced = !key.starts_with(query.prefix) || (query.after && key <= *query.after);
    if (misplaced || (i > 0 && page.keys[i - 1] >= key)) {
      verdict_.fail("I3", what + " repeats a key, or is out of order");
    }
    if (!may_be_listed(begun, {query.bucket, key}, query.skip_removed, asked)) {
      verdict_.fail("I2", what + " has one that is not there");
    }
  }
  for (const auto& [name, writes] : by_key_) {
    if (name.first != query.bucket || !name.second.starts_with(query.prefix)) continue;
    if (query.after && name.second <= *query.after) continue;
    if (page.next_after && name.second > *page.next_after) continue;
    const PartitionId own = cluster::partition_of(name.first, name.second, partitions);
    if (!std::binary_search(query.partitions.begin(), query.partitions.end(), own)) continue;
    if (!listed.contains(name.second) && must_be_listed(begun, name, query.skip_removed, asked)) {
      verdict_.fail("I1", what + " lacks one: " + describe(writes_[writes.front()].entry));
    }
  }
}

}  // namespace kipu::sim
