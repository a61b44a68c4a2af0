// What must be true of a cluster's data, from the outside: a model that is told of every write that
// was asked for, every answer, every entry that reached a disk and everything that was read.
//
//  I1  What was acknowledged, or was read once, is on a disk, and in every read begun afterwards.
//  I2  What is stored or read was written, byte for byte.
//  I3  A write is stored under one identity, however often it was sent.
//  I4  What was read once stays: nothing is readable before it is on a disk.
//  I6  A read never silently leaves out a part of what it was asked for; a write that was reported
//      as not done is not done.
//
// A write is one thing to be stored; it may be asked for by several calls, under one stamp. Its
// content is unique: of a removal by its stamp, of others by their values.
#pragma once

#include <cstdint>
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
  Model(Verdict& verdict, bool refusals_are_final)
      : verdict_(verdict), refusals_are_final_(refusals_are_final) {}

  // ---- writes ----
  // A new write, and its first call. `stamp` unless the client makes it (removals need one).
  WriteId begin_write(std::string bucket, std::string key, EntryKind kind, Values values,
                      std::optional<Stamp> stamp);
  // Another call for a write that had a stamp from the start.
  void begin_again(WriteId write);
  // The call was acknowledged by so many holders; 0: it was sent, and nobody answered for it.
  void on_acknowledged(WriteId write, Stamp stamp, std::uint32_t holders);
  // The call may have been done; the stamp if the client said it.
  void on_unknown(WriteId write, std::optional<Stamp> stamp);
  // The call was reported as not done.
  void on_refused(WriteId write);
  // Entries became durable on a disk.
  void on_stored(const Entry& entry);

  // ---- reads: on_… checks a reply to a query that was sent at the moment begin_read() gave ----
  Moment begin_read() const { return now_; }
  void on_page(Moment begun, const PageQuery& query, const Page& page);
  void on_scan(Moment begun, const ScanQuery& query, std::uint32_t partitions, const Page& page);
  void on_count(Moment begun, const CountQuery& query, const Count& count);
  // `partitions`: of the cluster; those of the query must be filled in.
  void on_keys(Moment begun, const KeysQuery& query, std::uint32_t partitions,
               const KeysPage& page);

  // ---- the end ----
  // `entries`: everything on the disks of the cluster.
  void check_disks(const std::vector<Entry>& entries);

  std::uint64_t acknowledged() const { return acknowledged_; }
  const Entry& content_of(WriteId write) const { return writes_[write].entry; }
  // Keys of a bucket that something was written to, or tried to; not the empty one.
  std::vector<std::string> keys_of(const std::string& bucket) const;

 private:
  struct Write {
    Entry entry;  // without stamp and digest as long as those are not known
    bool stamped = false;
    std::uint32_t open = 0;               // calls that have not ended
    bool maybe_done = false;              // a call was acknowledged, or its outcome is unknown
    bool acknowledged = false;            // with at least one holder
    std::optional<Moment> certain_since;  // acknowledged or read
    bool on_disk = false;
    bool possible() const { return open > 0 || maybe_done; }
  };
  using KeyName = std::pair<std::string, std::string>;  // bucket, key
  struct Range;
  struct Bounds;

  Write* find(const Entry& entry);
  void take_stamp(Write& write, Stamp stamp);
  // The entry was seen by a reader, or on a disk.
  void check_seen(const Entry& entry, const std::string& where);
  void check_read(const Entry& entry);
  void check_order(const Range& range, const std::vector<Entry>& entries, const std::string& what);
  void check_nothing_missing(Moment begun, const Range& range, const KeyName& name,
                             const std::vector<Entry>& entries, const std::string& what);
  Bounds bounds(Moment begun, const Range& range, const KeyName& name) const;
  bool must_be_listed(Moment begun, const KeyName& name, bool skip_removed) const;
  bool may_be_listed(Moment begun, const KeyName& name, bool skip_removed) const;

  Verdict& verdict_;
  const bool refusals_are_final_;
  std::vector<Write> writes_;
  std::map<std::string, WriteId> by_content_;
  std::map<KeyName, std::vector<WriteId>> by_key_;
  Moment now_ = 1;
  std::uint64_t acknowledged_ = 0;
};

// How an entry is called in a violation.
[[nodiscard]] std::string describe(const Entry& entry);

}  // namespace kipu::sim
