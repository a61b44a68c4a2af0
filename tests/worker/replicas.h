// Replicas as plain stores in memory, for tests of what reads them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/query.h"
#include "base/random.h"
#include "cluster/map.h"
#include "storage/memory_store.h"
#include "storage/store.h"

namespace kipu::worker::test {

inline Entry entry_of(const std::string& key, std::uint64_t time, std::string_view value = "v") {
  return make_entry("default", key, Stamp{StampTime(time), 1}, EntryKind::append, Values{value});
}

// All partitions are 0 unless a test says how many there are.
class Replica {
 public:
  explicit Replica(const std::vector<Entry>& held = {}, std::uint32_t partitions = 1)
      : partitions_(partitions) {
    Rng rng(1);
    store_ = storage::make_memory_store(rng);
    merge(held);
  }

  void merge(const std::vector<Entry>& entries) {
    storage::Change change;
    for (const Entry& entry : entries) {
      change.entries.push_back(
          {cluster::partition_of(entry.bucket, entry.key, partitions_), entry});
    }
    if (!store_->merge(change)) std::abort();
  }

  ReadResult read(const ReadQuery& query) const { return storage::read(*store_, query).value(); }

  bool holds(const Entry& entry) const {
    PageQuery query;
    query.partition = cluster::partition_of(entry.bucket, entry.key, partitions_);
    query.bucket = entry.bucket;
    query.key = entry.key;
    for (;;) {
      const Page page = store_->page(query).value();
      for (const Entry& one : page.entries) {
        if (one == entry) return true;
      }
      if (page.complete) return false;
      query.after = page.entries.back().id();
    }
  }

 private:
  std::uint32_t partitions_;
  std::unique_ptr<storage::Store> store_;
};

}  // namespace kipu::worker::test
