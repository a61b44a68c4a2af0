// The streams of other workers, as this one follows them: one cursor for each, moved only by
// commits that hold all up to there. What does not follow the cursor is a gap, and is fetched.
//
//  1. A cursor moves with the commit that holds what it covers, and is told only once that is
//     durable.
//  2. One fetch at a time for each origin; what the stream brings meanwhile waits for its end.
//  3. What waits to be committed is bounded by max_bytes, a page of each origin aside; past it
//     bundles are dropped, which makes a gap.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/position.h"
#include "base/query.h"
#include "base/time.h"
#include "schema/messages.h"
#include "storage/store.h"
#include "worker/peer_book.h"
#include "worker/stream_events.h"

namespace kipu::worker {

class Follower {
 public:
  // `first_request` keeps the answers to a former process apart from ours; a fetch that is not
  // answered within `patience` is asked for again.
  Follower(const storage::StoreInfo& info, std::size_t max_bytes, std::uint64_t first_request,
           Duration patience);

  // Whom to follow from now on. The others are forgotten, but not where they stood.
  void take(const PeerBook& peers);

  struct Ask {
    StoreId to;
    std::uint64_t request = 0;
    Position after;
  };

  // `partitions` is how many the cluster has.
  void on_bundle(schema::Bundle bundle, std::uint32_t partitions, std::vector<LogLine>& log);
  void on_beacon(const schema::Beacon& beacon);
  // What answers no fetch that is under way changes nothing.
  std::optional<StreamEvent> on_fetched(std::uint64_t request, Fetched fetched,
                                        std::uint32_t partitions, std::vector<LogLine>& log);
  // Fetches to send now, those again that were not answered for a while.
  std::vector<Ask> fetches(Instant now);

  // Compares with each peer where this store stands, once in this life at least: to be sent as a
  // Standing that wants an answer under that request id. The same again until it has come.
  std::vector<Ask> comparisons();
  // What `peer` remembers of this store, in a Standing under `request`.
  std::optional<StreamEvent> on_acknowledged(StoreId peer, std::uint64_t request,
                                             const Position& acknowledged);
  bool compared(StoreId peer) const;
  // How far `origin` was heard to have come, in its last two runs, where the cursor is not as far.
  // Whoever it is knows all of it, unless it has lost something since.
  std::vector<Position> heard_past_cursor(StoreId origin) const;

  // What was Trimmed, or lost, has been reconciled: the stream goes on from `head`, after the next
  // commit.
  void reconciled(StoreId origin, const Position& head);
  // Whether this store has lost what it held of `origin`, and its cursor is still behind: opened
  // anew, it would be told so once more.
  bool regains(StoreId origin) const;

  // Moves what waits to `change`, up to about `most_bytes`. REQUIRES: nothing is under way.
  void begin(storage::Change& change, std::size_t most_bytes);
  // That is durable. Returns the origins whose cursors have moved.
  std::vector<StoreId> committed();

  // Durable.
  Position cursor(StoreId origin) const;
  std::size_t waiting_bytes() const { return bytes_; }

 private:
  struct Piece {
    StoreId origin;
    Position cursor;
    std::vector<storage::PlacedEntry> entries;
    std::size_t bytes = 0;
    bool regained = false;  // with it the cursor is where it was before a loss
  };
  // A bundle that came while a fetch was under way.
  struct Ahead {
    Position previous;
    Piece piece;
  };
  struct Fetching {
    std::uint64_t request = 0;
    Position after;
    std::optional<Instant> sent;
  };
  struct Comparing {
    std::uint64_t request = 0;
    std::map<std::uint64_t, std::uint64_t> stood;  // by run, how far it came since it asked
    void stand(const Position& cursor) { stood[cursor.run] = cursor.counter; }
    bool stood_at(const Position& position) const;
  };
  struct Stream {
    bool followed = false;
    Position cursor;  // durable
    Position next;    // once all that waits, and what is under way, is
    bool gap = false;
    bool trimmed = false;
    std::optional<Fetching> fetching;
    std::deque<Ahead> ahead;
    std::optional<Comparing> comparing;
    bool compared = false;
    Position told_lost;
    bool regains = false;
    Position heard;         // the furthest of the newest run that was heard of
    Position heard_before;  // of the run before
    void hear(const Position& position);
  };

  static bool covers(const Position& cursor, const Position& position);
  static bool follows(const Position& cursor, const Position& previous, const Position& position);
  Stream* find(StoreId origin);
  std::optional<std::vector<storage::PlacedEntry>> place(StoreId origin, std::vector<Entry> entries,
                                                         std::uint32_t partitions,
                                                         std::vector<LogLine>& log) const;
  void enqueue(Stream& stream, Piece piece);
  void take_ahead(Stream& stream);
  void drop_ahead(Stream& stream);

  const std::size_t max_bytes_;
  const Duration patience_;
  std::uint64_t last_request_;
  std::map<StoreId, Stream> streams_;
  std::deque<Piece> waiting_;
  std::size_t bytes_ = 0;  // of what waits, ahead or in order
  std::map<StoreId, Position> under_way_;
  std::set<StoreId> regained_;  // of those under way
};

}  // namespace kipu::worker
