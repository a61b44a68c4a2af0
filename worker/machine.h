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
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
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
  Duration heartbeat = std::chrono::milliseconds(250);
  std::uint32_t missed_heartbeats = 3;  // so many unanswered: say hello anew
  std::size_t max_commit_bytes = std::size_t{4} * 1024 * 1024;
  std::size_t max_pending_bytes =
      std::size_t{16} * 1024 * 1024;  // waiting, with the commit under way
  std::size_t max_reads = 256;        // waiting and under way
  std::size_t reads_at_once = 32;     // under way: each may hold a page
  std::uint64_t reserve_bytes = std::uint64_t{256} * 1024 * 1024;  // of free disk: below, read-only
};

enum class CommitId : std::uint64_t {};
enum class ReadId : std::uint64_t {};

// Merge these, then call on_committed.
struct Commit {
  CommitId id{};
  std::vector<storage::PlacedEntry> entries;
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

// What the runtime does after each event. Messages leave in order. A commit's acknowledgements are
// effects of its on_committed, so nothing here waits for anything else here.
struct Effects {
  std::vector<schema::Message> to_broker;
  std::optional<Commit> commit;
  std::vector<Read> reads;
  std::vector<SaveMap> save_maps;
  std::vector<LogLine> log;
  std::optional<std::string> stop;  // why the process must end now, answering nothing more
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

  void on_message(Now now, schema::Message message, Effects& effects);
  void on_committed(Now now, CommitId id, const Status& status, Effects& effects);
  void on_read(Now now, ReadId id, Result<ReadResult> result, Effects& effects);
  void on_map_saved(Now now, const MapVersion& version, const Status& status, Effects& effects);
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
