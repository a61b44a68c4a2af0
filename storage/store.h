// A store: entries on a disk, and one way to change them. Any Store passes the conformance suite in
// tests/storage/conformance.h.
//
// 1. A store knows one change, merge: set union. Merging an entry again changes nothing.
// 2. Nothing of a merge is readable before all of it is durable, and all of it is after it
// returned.
// 3. A read that cannot see everything it was asked for fails; it never returns less.
//
// Thread rule: merge(), save_map() and save_wholeness() by one thread at a time; reads and stats()
// by any thread, also meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/position.h"
#include "base/query.h"
#include "base/random.h"
#include "base/result.h"

namespace kipu::storage {

// An entry and the partition that it is stored under; the caller computed it.
struct PlacedEntry {
  PartitionId partition;
  Entry entry;
};

// What becomes durable together, and readable then: all of it or nothing.
struct Change {
  std::vector<PlacedEntry> entries;
  // Set if this store coordinated the first `logged` of the entries: they are one commit of its
  // stream, and go into the log by name under this position. The store knows the one before it.
  // REQUIRES: it is of this run, and greater than any before.
  std::optional<Position> position;
  std::size_t logged = 0;
  std::map<StoreId, Position> cursors;       // where this store now stands in others' streams
  std::map<StoreId, Position> acknowledged;  // where others now stand in its own
  // Of these entries, by index, ascending, merge_and_tell() says whether they were there already.
  std::vector<std::uint32_t> asked = {};
  // Nobody needs what the log says up to here. The store may keep more, and keeps the last record.
  std::optional<Position> trim_through;
};

// Where a store stands in its own stream and in those of others.
struct StreamState {
  Position head;  // its last commit
  std::map<StoreId, Position> cursors;
  std::map<StoreId, Position> acknowledged;
  friend bool operator==(const StreamState&, const StreamState&) = default;
};

// Of the newest runs, so many are listed.
inline constexpr std::size_t kMaxRuns = 10'000;

// Which partitions hold all that they should (docs/architecture.md). A store that never was in a
// map is `unborn`; one that takes the place of a lost one is `none`, until it has been filled.
struct Wholeness {
  enum class Kind : std::uint8_t { unborn = 0, none = 1, all_but = 2 };
  Kind kind = Kind::unborn;
  std::vector<PartitionId> missing = {};  // of all_but: those that are not whole, ascending
  // Runs of this store of which others know what it does not: it has been filled since it learnt of
  // them, or waits to be. The newest kMaxRuns, in that order.
  std::vector<std::uint64_t> lost_runs = {};
  // An operator has accepted that what nobody else has is lost: what all the others hold, whole or
  // not, is all that it should. Until it has been filled.
  bool accepts_loss = false;
  friend bool operator==(const Wholeness&, const Wholeness&) = default;
};

// How much of the log a store keeps at most: whoever is further behind is told `trimmed`.
struct LogLimits {
  std::uint64_t records = 262'144;
  std::uint64_t bytes = std::uint64_t{256} * 1024 * 1024;
};

// The time from one open to the next, by a number drawn for it. `last`: the counter of its last
// commit, 0 if it had none; known from the next open on, so that a store that is a copy from the
// midst of a run can tell what it does not have of it.
struct Run {
  std::uint64_t number = 0;
  std::uint64_t last = 0;
  friend bool operator==(const Run&, const Run&) = default;
};

// What a store knows of itself beside its entries; kept in the store file (docs/storage-format.md).
struct StoreInfo {
  StoreId store;
  ClusterId cluster;      // none until save_map() names it
  std::vector<Run> runs;  // one per open, oldest first; the last is this one
  std::string map;        // the newest cluster map that was saved, encoded; may be empty
  Wholeness whole = {};
  StreamState stream = {};           // as it was when the store was opened
  std::uint64_t forgotten_runs = 0;  // how many older ones `runs` does not list any more
};

struct StoreStats {
  std::uint64_t entries_estimate = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;  // of the file system
  // Its directory was removed under it: what it writes from now on, nobody will ever read.
  bool is_gone = false;
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Makes `change`, all or nothing, and returns once it is durable. Checks what is true of every
  // entry in every bucket, and nothing else: validate() in base/entry.h, `bad_digest` among its
  // errors, and nothing is stored. After an `io_error` the store accepts no more merges: the
  // process must say so and end, since what is on the disk is no longer known.
  [[nodiscard]] virtual Status merge(const Change& change) = 0;
  // Entries, and nothing else.
  [[nodiscard]] Status merge(std::span<const PlacedEntry> entries);

  // Replaces the saved map, and returns once that is durable. `wrong_cluster` if the store belongs
  // to another cluster; a store of none becomes one of `cluster`. `invalid_argument` for a cluster
  // of none. `io_error` as for merge().
  [[nodiscard]] virtual Status save_map(ClusterId cluster, std::string map) = 0;

  // Replaces what is saved of its partitions, likewise.
  [[nodiscard]] virtual Status save_wholeness(Wholeness whole) = 0;

  // Whether it has this very entry. `unreadable` if that cannot be said.
  [[nodiscard]] virtual Result<bool> has(const PlacedEntry& placed) const = 0;

  // Reads. `unreadable` if the range holds something that cannot be read.
  [[nodiscard]] virtual Result<Page> page(const PageQuery& query) const = 0;
  [[nodiscard]] virtual Result<Count> count(const CountQuery& query) const = 0;
  [[nodiscard]] virtual Result<KeysPage> keys(const KeysQuery& query) const = 0;
  [[nodiscard]] virtual Result<Page> scan(const ScanQuery& query) const = 0;

  // `unreadable` also if an entry that the log names is not there.
  [[nodiscard]] virtual Result<Fetched> fetch(const FetchQuery& query) const = 0;

  // As of the last save_map(), save_wholeness() or open. By the thread that calls these.
  [[nodiscard]] virtual const StoreInfo& info() const = 0;
  [[nodiscard]] virtual StoreStats stats() const = 0;
};

// What came of a merge, and which of the entries that it was asked about were there before: nothing
// where that could not be read.
struct Merged {
  Merged(Status merged = {}) : status(std::move(merged)) {}  // NOLINT(google-explicit-constructor)
  Status status;
  std::optional<std::vector<std::uint32_t>> present;
};

// Merges `change`, by the thread that merges. An entry that is in it twice was there the second
// time.
[[nodiscard]] Merged merge_and_tell(Store& store, const Change& change);

// A store that nothing was ever in: of a new id, or with that of a lost store whose place it takes,
// and then of no wholeness. It has no run yet.
[[nodiscard]] StoreInfo make_store_info(Rng& rng, StoreId instead_of = {});

// Adds a run, as each open does.
void add_run(StoreInfo& info, Rng& rng);

// Notes where the runs before this one have ended, of a store whose last commit is `head`.
void end_runs(StoreInfo& info, const Position& head);

// What every save_map() checks first: its `wrong_cluster` and `invalid_argument`.
[[nodiscard]] Status check_cluster(const StoreInfo& info, ClusterId cluster);

// Answers `query` with the read of `store` that fits it.
[[nodiscard]] Result<ReadResult> read(const Store& store, const ReadQuery& query);

}  // namespace kipu::storage
