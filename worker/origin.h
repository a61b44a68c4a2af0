// The stream of this worker: what its commits hold for each other replica, and how far each of
// these is known to be.
//
//  1. A position is never used twice, and only what is durable here is published under one.
//  2. What is published and not acknowledged by a destination is bounded by the window; past it
//     nothing is published to it until it has caught up with half of that.
//  3. What a destination acknowledged never goes back, and is remembered over restarts.
//  4. `last` of a destination is never before the last commit that holds something for it.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/position.h"
#include "base/status.h"
#include "base/time.h"
#include "schema/messages.h"
#include "storage/store.h"
#include "worker/peer_book.h"
#include "worker/stream_events.h"

namespace kipu::worker {

class Origin {
 public:
  Origin(const storage::StoreInfo& info, std::size_t window_bytes);

  // Who replicates anything that this worker does, from now on.
  void take(const PeerBook& peers);

  // A commit of own entries begins. Sets position, logged, acknowledged and trimming of `change`,
  // whose entries are all own ones; none of it if no other worker replicates any of them.
  // REQUIRES: none is under way.
  void begin(Instant now, const PeerBook& peers, storage::Change& change);
  // That commit is durable. Returns what to publish.
  std::vector<schema::Bundle> committed();

  // What to publish at each beacon.
  std::vector<schema::Beacon> beacons();

  // `standing.cursor` is where a peer stands in this stream. Returns what has been lost, if so.
  std::optional<StreamEvent> on_standing(const schema::Standing& standing);
  // `from` fetches what follows `after`, and so has been there, or heard that this store had. The
  // same.
  std::optional<StreamEvent> on_fetch(StoreId from, const Position& after);
  // Whether this store has been there, or will have been once what is under way is durable.
  bool knows(const Position& position) const;
  // What to tell `peer` in a Standing: the last cursor of it that is known here.
  Position acknowledged(StoreId peer) const;

  Position head() const { return head_; }
  std::uint64_t run() const { return run_; }
  // Of those behind, by worker.
  std::vector<ReplicaLag> lags(Instant now, const PeerBook& peers) const;

 private:
  struct Unacknowledged {
    Position position;
    std::uint64_t entries = 0;
    std::size_t bytes = 0;
    Instant since;
  };
  struct Destination {
    Position last;
    std::uint64_t logged_at_last = 0;  // by all commits up to `last`, or to a later one
    Position cursor;                   // where it stands, acknowledged or not
    Position acknowledged;             // where it has promised to stand
    Position unknown;       // where it said it stands, and this store never was; told once
    bool unsaved = false;   // `acknowledged` is
    bool skipping = false;  // publishing waits
    std::size_t bytes = 0;  // of `behind`
    std::deque<Unacknowledged> behind;
  };
  using Rank = std::pair<std::size_t, std::uint64_t>;

  // The order of positions of this stream. Nothing for one that this store does not know.
  std::optional<Rank> rank(const Position& position) const;
  bool before(const Position& a, const Position& b) const { return rank(a) < rank(b); }
  std::optional<StreamEvent> check(StoreId from, Destination& destination,
                                   const Position& cursor) const;
  void append(Destination& destination, Unacknowledged commit) const;
  void advance(Destination& destination, const Position& cursor);
  bool is_far_back(const Destination& destination) const;
  std::optional<Position> trim_through() const;

  const StoreId self_;
  const std::size_t window_bytes_;
  const std::vector<storage::Run> runs_;
  const std::uint64_t run_;
  std::uint64_t counter_ = 0;  // of the last position that was given out
  Position head_;
  std::uint64_t logged_ = 0;  // entries, since the open
  std::map<StoreId, Destination> destinations_;
  std::map<StoreId, Position> remembered_;  // acknowledged, as of the open
  struct UnderWay {
    Position position;
    Instant began;
    std::size_t logged = 0;
    std::map<StoreId, std::vector<Entry>> entries;
  };
  std::optional<UnderWay> under_way_;
};

}  // namespace kipu::worker
