// What must be true of a cluster's data, from the outside: a model that is told of every write that
// was asked for, every answer, every entry that reached a disk and everything that was read.
//
//  I1  What was acknowledged is on as many disks as the answer said, and in every read begun
//      afterwards that asks enough replicas to meet one of these.
//  I2  What is stored or read was written, byte for byte.
//  I3  A write is stored under one identity, however often it was sent.
//  I4  What a majority of replicas was asked for and returned, a majority holds: every later read
//  of
//      a majority returns it. Nothing is readable before it is on a disk.
//  I5  In the end all replicas of a partition hold the same.
//  I6  A read never silently leaves out a part of what it was asked for; a write that was reported
//      as not done is not done.
//
// A write is one thing to be stored; it may be asked for by several calls, under one stamp. Its
// content is unique: of a removal by its stamp, of others by their values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/query.h"
#include "base/result.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

using WriteId = std::size_t;
// A point in the order of what the model was told.
using Moment = std::uint64_t;

class Model {
 public:
  // `refusals_are_final`: a write reported as not done never appears later. Only a network that
  // never duplicates a message allows that.
  // `replicas`: of each partition, on as many disks, which are numbered from 0.
  Model(Verdict& verdict, bool refusals_are_final, std::uint32_t replicas = 1)
      : verdict_(verdict), refusals_are_final_(refusals_are_final), replicas_(replicas) {}

  // ---- writes ----
  // A new write, and its first call. `stamp` unless the client makes it (removals need one).
  WriteId begin_write(std::string bucket, std::string key, EntryKind kind, Values values,
                      std::optional<Stamp> stamp);
  // Another call for a write that had a stamp from the start.
  void begin_again(WriteId write);
  // The call was acknowledged by so many holders, and in any case by the `asked` that its level
  // needs; 0 of both: it was sent, and nobody answered for it.
  void on_acknowledged(WriteId write, Stamp stamp, std::uint32_t holders, std::uint32_t asked = 0);
  // The call may have been done; the stamp if the client said it.
  void on_unknown(WriteId write, std::optional<Stamp> stamp);
  // The call was reported as not done.
  void on_refused(WriteId write);
  // An entry became durable on a disk.
  void on_stored(const Entry& entry, std::size_t disk = 0);
  // Whether it ever was on any.
  bool was_stored(const Entry& entry) const;
  // A disk went wrong, as a minority of them may, and holds nothing but these now.
  void on_disk_lost(std::size_t disk, const std::vector<Entry>& left);
  // How many entries it lost that other disks kept, and does not hold again yet.
  std::size_t owed_to(std::size_t disk) const;
  bool holds(const Entry& entry, std::size_t disk) const;

  // ---- reads: on_… checks a reply to a query that was sent at the moment begin_read() gave ----
  // `asked`: of how many replicas the level makes sure. Fewer than a majority may miss a write.
  Moment begin_read() const { return now_; }
  void on_page(Moment begun, const PageQuery& query, const Page& page, std::uint32_t asked = 1);
  void on_scan(Moment begun, const ScanQuery& query, std::uint32_t partitions, const Page& page,
               std::uint32_t asked = 1);
  void on_count(Moment begun, const CountQuery& query, const Count& count, std::uint32_t asked = 1);
  // `partitions`: of the cluster; those of the query must be filled in.
  void on_keys(Moment begun, const KeysQuery& query, std::uint32_t partitions, const KeysPage& page,
               std::uint32_t asked = 1);

  // ---- the end ----
  // On which disks an entry belongs, a bit for each.
  using Disks = std::uint32_t;
  using Place = std::function<Disks(const Entry&)>;
  using Logged = std::function<bool(const Entry&)>;
  // A write that is on one of its disks and not on all; nothing once they hold the same (I5).
  // Excused is what no majority was ever said to hold, and whose only record for others was lost
  // with a disk: nobody knows that it has to be passed on.
  std::optional<std::string> first_that_differs(const Place& place, const Logged& is_logged) const;
  // All replicas hold the same, so whatever is on all disks is held by all.
  void on_converged();
  // `disks`: everything on each. None may have lost or changed anything, or hold more.
  void check_disks(const std::vector<std::vector<Entry>>& disks);

  std::uint64_t acknowledged() const { return acknowledged_; }
  const Entry& content_of(WriteId write) const { return writes_[write].entry; }
  // Keys of a bucket that something was written to, or tried to; not the empty one.
  std::vector<std::string> keys_of(const std::string& bucket) const;

 private:
  struct Write {
    Entry entry;  // without stamp and digest as long as those are not known
    bool stamped = false;
    std::uint32_t open = 0;     // calls that have not ended
    bool maybe_done = false;    // a call was acknowledged, or its outcome is unknown
    bool acknowledged = false;  // with at least one holder
    // Since when at least so many replicas hold it for good: by an answer to a write or a read. An
    // element each, for 1, 2 … replicas.
    std::vector<Moment> held_since;
    Disks on = 0;          // the disks that hold it
    Disks ever = 0;        // and those that did
    Moment made_good = 0;  // since then none is owed any more
    Disks owed = 0;        // those that lost it, while others kept it
    bool possible() const { return open > 0 || maybe_done; }
    bool on_disk() const { return ever != 0; }
  };
  using KeyName = std::pair<std::string, std::string>;  // bucket, key
  struct Range;
  struct Bounds;

  Write* find(const Entry& entry);
  const Write* find(const Entry& entry) const;
  // At least so many replicas hold it for good from now on.
  void settle(Write& write, std::uint32_t holders);
  // Whether a read of so many replicas that began then must see it.
  bool is_due(const Write& write, Moment begun, std::uint32_t asked) const;
  void lose(Write& write, Disks disk);
  void check_disk(std::size_t disk, const std::vector<Entry>& entries);
  void take_stamp(Write& write, Stamp stamp);
  // The entry was seen by a reader, or on a disk.
  void check_seen(const Entry& entry, const std::string& where);
  // `asked` as of the read that returned it.
  void check_read(const Entry& entry, std::uint32_t asked);
  void settle_read(const Page& page, std::uint32_t asked);
  void check_order(const Range& range, const std::vector<Entry>& entries, const std::string& what);
  void check_nothing_missing(Moment begun, const Range& range, const KeyName& name,
                             const std::vector<Entry>& entries, const std::string& what,
                             std::uint32_t asked);
  Bounds bounds(Moment begun, const Range& range, const KeyName& name, std::uint32_t asked) const;
  bool must_be_listed(Moment begun, const KeyName& name, bool skip_removed,
                      std::uint32_t asked) const;
  bool may_be_listed(Moment begun, const KeyName& name, bool skip_removed,
                     std::uint32_t asked) const;

  Verdict& verdict_;
  const bool refusals_are_final_;
  const std::uint32_t replicas_;
  std::vector<Write> writes_;
  std::map<std::string, WriteId> by_content_;
  std::map<KeyName, std::vector<WriteId>> by_key_;
  Moment now_ = 1;
  std::uint64_t acknowledged_ = 0;
};

// How an entry is called in a violation.
[[nodiscard]] std::string describe(const Entry& entry);

}  // namespace kipu::sim
