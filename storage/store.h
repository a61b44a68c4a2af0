// A store: entries on a disk, and one way to change them. Any Store passes the conformance suite in
// tests/storage/conformance.h.
//
// 1. A store knows one change, merge: set union. Merging an entry again changes nothing.
// 2. Nothing of a merge is readable before all of it is durable, and all of it is after it
// returned.
// 3. A read that cannot see everything it was asked for fails; it never returns less.
//
// Thread rule: merge() and save_map() by one thread at a time; reads and stats() by any thread,
// also meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/query.h"
#include "base/result.h"

namespace kipu::storage {

// An entry and the partition that it is stored under; the caller computed it.
struct PlacedEntry {
  PartitionId partition;
  Entry entry;
};

// What a store knows of itself beside its entries; kept in the store file (docs/storage-format.md).
struct StoreInfo {
  StoreId store;
  ClusterId cluster;                // none until save_map() names it
  std::vector<std::uint64_t> runs;  // one per open, oldest first; the last is this one
  std::string map;                  // the newest cluster map that was saved, encoded; may be empty
};

struct StoreStats {
  std::uint64_t entries_estimate = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;  // of the file system
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Adds `entries`, all or none, and returns once they are durable. Checks what is true of every
  // entry in every bucket, and nothing else: validate() in base/entry.h, `bad_digest` among its
  // errors, and nothing is stored. After an `io_error` the store accepts no more merges: the
  // process must say so and end, since what is on the disk is no longer known.
  [[nodiscard]] virtual Status merge(std::span<const PlacedEntry> entries) = 0;

  // Replaces the saved map, and returns once that is durable. `wrong_cluster` if the store belongs
  // to another cluster; a store of none becomes one of `cluster`. `invalid_argument` for a cluster
  // of none. `io_error` as for merge().
  [[nodiscard]] virtual Status save_map(ClusterId cluster, std::string map) = 0;

  // Reads. `unreadable` if the range holds something that cannot be read.
  [[nodiscard]] virtual Result<Page> page(const PageQuery& query) const = 0;
  [[nodiscard]] virtual Result<Count> count(const CountQuery& query) const = 0;
  [[nodiscard]] virtual Result<KeysPage> keys(const KeysQuery& query) const = 0;
  [[nodiscard]] virtual Result<Page> scan(const ScanQuery& query) const = 0;

  // As of the last save_map() or open. By the thread that calls save_map().
  [[nodiscard]] virtual const StoreInfo& info() const = 0;
  [[nodiscard]] virtual StoreStats stats() const = 0;
};

// What every save_map() checks first: its `wrong_cluster` and `invalid_argument`.
[[nodiscard]] Status check_cluster(const StoreInfo& info, ClusterId cluster);

// Answers `query` with the read of `store` that fits it.
[[nodiscard]] Result<ReadResult> read(const Store& store, const ReadQuery& query);

}  // namespace kipu::storage
