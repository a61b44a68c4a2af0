// Reads of a store and what they return. Every read is paged: a result is bounded, says whether it
// is complete, and if not from where to go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/limits.h"

namespace kipu {

// The entries of one key, in the order of their ids or against it.
struct PageQuery {
  PartitionId partition;
  std::string bucket;
  std::string key;
  bool reverse = false;
  std::optional<StampTime> since;  // inclusive
  std::optional<StampTime> until;  // exclusive
  std::optional<EntryId> after;    // go on after this entry, in the direction of reading
  std::uint32_t max_entries = limits::kMaxPageEntries;
  std::uint32_t max_bytes =
      limits::kMaxPageBytes;  // by Entry::message_bytes; one entry may exceed it
  friend bool operator==(const PageQuery&, const PageQuery&) = default;
};

// How many entries and values a key has. A scan; bounded like every read.
struct CountQuery {
  PartitionId partition;
  std::string bucket;
  std::string key;
  std::optional<StampTime> since;
  std::optional<StampTime> until;
  std::optional<EntryId> after;
  std::uint32_t max_entries = limits::kMaxCountEntries;
  friend bool operator==(const CountQuery&, const CountQuery&) = default;
};

// The keys of a bucket in byte order, over many partitions.
struct KeysQuery {
  std::vector<PartitionId> partitions;  // ascending
  std::string bucket;
  std::string prefix;
  std::optional<std::string> after;  // exclusive
  bool skip_removed = false;         // leave out keys whose newest entry is a removal
  std::uint32_t max_keys = limits::kMaxPageEntries;
  std::uint32_t max_bytes = limits::kMaxPageBytes;
  friend bool operator==(const KeysQuery&, const KeysQuery&) = default;
};

// All entries of one partition of a bucket, by key and then id: for exports.
struct ScanQuery {
  struct Position {
    std::string key;
    EntryId id;
    friend bool operator==(const Position&, const Position&) = default;
  };
  PartitionId partition;
  std::string bucket;
  std::string prefix;
  std::optional<Position> after;  // exclusive
  std::uint32_t max_entries = limits::kMaxPageEntries;
  std::uint32_t max_bytes = limits::kMaxPageBytes;
  friend bool operator==(const ScanQuery&, const ScanQuery&) = default;
};

// Answer to a PageQuery and to a ScanQuery. `complete`: nothing follows. Otherwise go on after the
// last entry; an incomplete page has at least one entry.
struct Page {
  std::vector<Entry> entries;
  bool complete = true;
  friend bool operator==(const Page&, const Page&) = default;
};

struct Count {
  std::uint64_t entries = 0;
  std::uint64_t values = 0;
  std::optional<EntryId> next_after;  // set if the scan stopped early
  friend bool operator==(const Count&, const Count&) = default;
};

struct KeysPage {
  std::vector<std::string> keys;
  // Set if the page is incomplete: go on after this key. It may lie past the last key returned, and
  // the page may be empty, where removed keys were passed over.
  std::optional<std::string> next_after;
  friend bool operator==(const KeysPage&, const KeysPage&) = default;
};

using ReadQuery = std::variant<PageQuery, CountQuery, KeysQuery, ScanQuery>;
using ReadResult = std::variant<Page, Count, KeysPage>;

}  // namespace kipu
