// Reads of a store and what they return. Every read is paged: a result is bounded, says whether it
// is complete, and if not from where to go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bucket.h"
#include "base/entry.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/position.h"

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
      limits::kMaxPageBytes;            // by Entry::message_bytes; one entry may exceed it
  Level level = Level::bucket_default;  // how many replicas are asked; `none` is refused
  // By the worker that the request is addressed to, from its store alone, whole or not.
  bool as_it_stands = false;
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
  Level level = Level::bucket_default;  // how many replicas are asked; `none` is refused
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
  Level level = Level::bucket_default;  // how many replicas are asked; `none` is refused
  // Say of each key what its newest entry is, as replicas do to one another. Not with skip_removed,
  // and of one store only.
  bool with_newest = false;
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
  Level level = Level::bucket_default;  // how many replicas are asked; `none` is refused
  friend bool operator==(const ScanQuery&, const ScanQuery&) = default;
};

// What a store coordinated after a position, of those partitions: for a replica that missed it.
struct FetchQuery {
  Position after;
  std::vector<PartitionId> partitions;  // ascending
  std::uint32_t max_bytes =
      limits::kMaxPageBytes;  // by Entry::message_bytes; one commit may exceed it
  friend bool operator==(const FetchQuery&, const FetchQuery&) = default;
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
  // The sum of the entries' digests: two stores that counted other entries differ in it. Of the
  // store that counted; it does not travel.
  std::uint64_t fingerprint = 0;
  friend bool operator==(const Count&, const Count&) = default;
};

struct KeysPage {
  struct Newest {
    EntryId id;
    bool removes = false;
    friend bool operator==(const Newest&, const Newest&) = default;
  };
  std::vector<std::string> keys;
  // Set if the page is incomplete: go on after this key. It may lie past the last key returned, and
  // the page may be empty, where removed keys were passed over.
  std::optional<std::string> next_after = {};
  std::vector<Newest> newest = {};  // of each key, or empty
  friend bool operator==(const KeysPage&, const KeysPage&) = default;
};

// `trimmed`: the log does not go back to the query's position, or never had it; the rest is empty
// but for `head`. Else commits in order, as many as fit; those without an entry of the query's
// partitions are left out.
struct Fetched {
  struct Commit {
    Position position;
    std::vector<Entry> entries;
    friend bool operator==(const Commit&, const Commit&) = default;
  };
  bool trimmed = false;
  std::vector<Commit> commits;
  Position through;  // everything up to here is in it: the reader's next cursor
  Position head;     // the last commit in the log when it was read
  friend bool operator==(const Fetched&, const Fetched&) = default;
};

using ReadQuery = std::variant<PageQuery, CountQuery, KeysQuery, ScanQuery, FetchQuery>;
using ReadResult = std::variant<Page, Count, KeysPage, Fetched>;

// XXH3-64 over what a result says: two stores whose results have one digest gave the same result.
// For a Page over the ids of its entries, for a Count over its fingerprint too. Compared only
// between workers of one version; never stored.
[[nodiscard]] std::uint64_t digest_of(const ReadResult& result);

}  // namespace kipu
