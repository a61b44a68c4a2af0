// Fills partitions from other replicas, page by page: each page that one of them has is merged
// here, and the next is asked for once that is durable. It serves two needs:
//
//  - a partition that is not whole has to be walked through with so many replicas that are;
//  - an origin whose stream was trimmed has to be walked through for all that is shared with it.
//
//  1. At most one page per replica is asked for or being merged: memory is bounded.
//  2. A walk counts only from where the need arose: what was walked through before does not.
//  3. Errors and silence are answered by asking again, ever later. What a replica cannot read does
//     not keep the other partitions from being walked through, and none counts that was not.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/position.h"
#include "base/query.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::worker {

struct ReconcileRules {
  Duration timeout = std::chrono::seconds(1);       // an answer is missing: ask for it again
  Duration retry = std::chrono::milliseconds(250);  // after a failure, and twice that after two
  Duration longest_retry = std::chrono::seconds(4);
  Duration damaged_retry = std::chrono::seconds(15);  // of what cannot be read there
};

struct ReconcileSteps {
  struct Ask {
    StoreId to;
    std::uint64_t number = 0;  // the same again while it is not answered
    ScanQuery query;
  };
  struct Merge {
    StoreId from;
    std::uint64_t number = 0;
    std::vector<Entry> entries;
    bool fills = false;  // of a walk for a partition that is not whole, with a replica that is
  };
  std::vector<Ask> asks;      // send a PeerRead; its answer is on_reply()
  std::vector<Merge> merges;  // merge these here; then call on_merged()
};

class Reconciler {
 public:
  explicit Reconciler(ReconcileRules rules) : rules_(rules) {}

  // The buckets of the map. Where they change, walks begin anew, those that were done too: what a
  // new bucket has was missed.
  void set_buckets(std::vector<std::string> buckets);
  // `partition` is to be walked through with `needed` of `from` that are whole; or, with `any`,
  // that may lack something themselves. Said again: anew, unless it is the same need.
  void want(PartitionId partition, std::vector<StoreId> from, std::size_t needed, bool any = false);
  // What was walked through for it so far does not count any more.
  void restart(PartitionId partition);
  // All of `shared` is to be walked through with `origin`, whole or not. While that goes on, a
  // second call changes nothing.
  void catch_up(StoreId origin, Position head, const std::vector<PartitionId>& shared);

  // Starts what may start: after the calls above, and when it is time.
  void on_tick(Instant now, ReconcileSteps& steps);
  Instant next_tick() const;
  void on_reply(Instant now, StoreId from, std::uint64_t number,
                Result<schema::PeerReadReply> reply, ReconcileSteps& steps);
  // What a step asked to merge is durable.
  void on_merged(Instant now, StoreId from, std::uint64_t number, ReconcileSteps& steps);

  // Partitions that have been walked through as wanted since the last call.
  std::vector<PartitionId> take_filled();
  struct CaughtUp {
    StoreId origin;
    Position head;
  };
  std::vector<CaughtUp> take_caught_up();
  // Whether `origin` is being caught up with, and has told all but what it cannot read.
  bool lacks_only_damaged(StoreId origin) const;
  // Who says that it is not whole itself, of those without whom a partition cannot be filled: none
  // where enough others are left that may be.
  std::set<StoreId> not_whole_either(Instant now) const;
  // Whom it still waits for on behalf of any partition.
  std::set<StoreId> waiting_for() const;

 private:
  struct Want {
    std::vector<StoreId> from;
    std::size_t needed = 0;
    bool any = false;
    std::set<StoreId> walked;
    std::uint64_t serial = 0;
  };
  struct CatchUp {
    Position head;
    std::vector<PartitionId> shared;
    std::set<PartitionId> left;
  };
  struct Walk {
    PartitionId partition;
    std::uint64_t serial = 0;  // of the want at its beginning; 0 if there was none
    bool catches_up = false;
    bool whole = true;  // said so with every page
    std::size_t bucket = 0;
    std::optional<ScanQuery::Position> after;
    bool last_page = false;  // of its bucket
  };
  struct Source {
    std::optional<CatchUp> catch_up;
    std::map<PartitionId, Instant> not_before;  // it was not whole: ask again then
    std::map<PartitionId, Instant> damaged;     // something was unreadable: likewise
    std::optional<Walk> walk;
    enum class Doing : std::uint8_t { nothing, asking, merging } doing = Doing::nothing;
    std::uint64_t number = 0;  // of what it is doing
    Instant asked;
    Instant resume;    // after a failure, not before then
    Duration wait{0};  // the last one, after failures or silence
  };

  void go_on(Instant now, StoreId store, Source& source, ReconcileSteps& steps);
  bool begin_walk(Instant now, StoreId store, Source& source);
  Instant next_walk(StoreId store, const Source& source) const;
  static std::optional<PartitionId> left_of(Instant now, const Source& source);
  std::optional<PartitionId> wanted_from(Instant now, StoreId store, const Source& source) const;
  bool is_wanted_from(const Want& want, StoreId store) const;
  bool takes_any(PartitionId partition) const;
  void ask(Instant now, StoreId store, Source& source, ReconcileSteps& steps);
  Instant overdue(const Source& source) const;
  void ask_again(Instant now, StoreId store, Source& source, ReconcileSteps& steps);
  void take(Instant now, StoreId store, Source& source, schema::PeerReadReply reply,
            ReconcileSteps& steps);
  void failed(Instant now, Source& source) const;
  void not_whole(Instant now, Source& source) const;
  bool is_not_whole(Instant now, StoreId store, PartitionId partition) const;
  void damaged(Instant now, Source& source) const;
  void page_done(StoreId store, Source& source);
  void walked(StoreId store, Source& source);
  ScanQuery query_of(const Walk& walk) const;

  const ReconcileRules rules_;
  std::vector<std::string> buckets_;
  std::map<PartitionId, Want> wants_;
  std::map<StoreId, Source> sources_;
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_number_ = 0;
  std::vector<PartitionId> filled_;
  std::vector<CaughtUp> caught_up_;
};

}  // namespace kipu::worker
