// The worker as a machine: checks, groups and commits appends, answers reads, keeps the map.
//
//  1. An append is acknowledged only after the on_committed of the commit that holds it.
//  2. At most one commit is under way; what arrives meanwhile fills the next (group commit).
//  3. It acts on a map only once the broker says that it is in force, and it is on disk here.
//  4. An entry whose remaining time has run out is refused before it is committed, never after.
//  5. After a failed commit nothing is answered any more: `stop` is set, and the process ends.
//  6. Bytes waiting to be committed and reads are bounded by Config: `overloaded`.
//
// Thread rule: one thread. No I/O, no clock, no random source but `rng`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/query.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"
#include "storage/store.h"

namespace kipu::worker {

struct Config {
  std::uint32_t weight = 1;
  std::string zone;
  schema::Endpoints endpoints = {};  // where others find this worker; the runtime fills them in
  Duration heartbeat = std::chrono::milliseconds(250);
  std::uint32_t missed_heartbeats = 3;               // so many unanswered: say hello anew
  Duration beacon = std::chrono::milliseconds(250);  // how often its stream says where it stands
  // By Entry::message_bytes. With its overhead a commit fits a bundle, thus limits::kMaxBodyBytes.
  std::size_t max_commit_bytes = std::size_t{2} * 1024 * 1024;
  std::size_t max_pending_bytes =
      std::size_t{16} * 1024 * 1024;                // waiting, with the commit under way
  std::size_t max_reads = 256;                      // waiting and under way
  std::size_t reads_at_once = 32;                   // under way: each may hold a page
  Duration lease = std::chrono::seconds(2);         // from the sending of an answered heartbeat
  Duration hedge = std::chrono::milliseconds(100);  // a replica that is silent so long: ask another
  // Published to one replica and not acknowledged by it; past this, it fetches.
  std::size_t stream_window_bytes = std::size_t{8} * 1024 * 1024;
  std::uint32_t fetch_bytes = limits::kMaxPageBytes;  // asked for at once of what was missed
  // Received from others and not committed yet; past this, it is dropped, and fetched later.
  std::size_t max_incoming_bytes = std::size_t{16} * 1024 * 1024;
  // How its messages say that the loss of what no replica has is accepted.
  std::string accept_loss_with = "`kipu-worker accept-loss`";
  std::uint64_t reserve_bytes = std::uint64_t{256} * 1024 * 1024;  // of free disk: below, read-only
};

enum class CommitId : std::uint64_t {};
enum class ReadId : std::uint64_t {};

// Merge these, and tell what `change` asks (merge_and_tell()), then call on_committed.
struct Commit {
  CommitId id{};
  storage::Change change;
};

// Answer this with on_read.
struct Read {
  ReadId id{};
  ReadQuery query;
};

// Save this map (encoded) under this cluster id, then call on_map_saved.
struct SaveMap {
  MapVersion version;
  ClusterId cluster;
  std::string map;
};

// Save this, then call on_wholeness_saved.
struct SaveWholeness {
  std::uint64_t id = 0;
  storage::Wholeness whole;
};

// For the peer socket of that worker.
struct ToPeer {
  StoreId to;
  schema::Message message;
};

// Whom to be connected to, and subscribed to, from now on: all other workers of the map. An address
// that stayed the same keeps its connection.
struct Peers {
  std::map<StoreId, schema::Endpoints> addresses;
};

// What the runtime does after each event. Messages leave in order. A commit's acknowledgements are
// effects of its on_committed, so nothing here waits for anything else here.
struct Effects {
  std::vector<schema::Message> to_broker;
  std::vector<ToPeer> to_peers;
  std::vector<ToPeer> to_stream;  // published under the topic of `to`
  std::optional<Peers> peers;
  // The subscriptions to these are made anew: their peer sockets live, their streams are silent.
  std::vector<StoreId> resubscribe;
  std::optional<Commit> commit;
  std::vector<Read> reads;
  std::optional<SaveWholeness> save_wholeness;  // before any map
  std::vector<SaveMap> save_maps;
  std::vector<LogLine> log;
  // Why the process must end now, answering nothing more. Only `io_error` and `corrupt` say that
  // its disk is at fault.
  std::optional<Error> stop;
};

class Machine {
 public:
  // `info` is the store's, at open. If its map does not decode, `stop` is set by the first event.
  Machine(Config config, const storage::StoreInfo& info, Rng rng, Now now);
  ~Machine();
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) = delete;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // From the broker, from the peer socket that it has bound, and from a stream it subscribes to.
  void on_message(Now now, schema::Message message, Effects& effects);
  void on_peer_message(Now now, schema::Message message, Effects& effects);
  void on_stream_message(Now now, schema::Message message, Effects& effects);
  void on_committed(Now now, CommitId id, const storage::Merged& merged, Effects& effects);
  void on_read(Now now, ReadId id, Result<ReadResult> result, Effects& effects);
  void on_map_saved(Now now, const MapVersion& version, const Status& status, Effects& effects);
  void on_wholeness_saved(Now now, std::uint64_t id, const Status& status, Effects& effects);
  // The runtime samples the store about once a heartbeat.
  void on_stats(Now now, const storage::StoreStats& stats, Effects& effects);
  void on_tick(Now now, Effects& effects);
  Instant next_tick() const;

  // Takes no new request from now on; idle() is true once what was in flight has been answered.
  void drain(Now now, Effects& effects);
  bool idle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kipu::worker
