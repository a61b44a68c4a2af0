// How a cluster does, as plain data: what `status` shows.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace kipu {

// Which of two cluster maps is newer: by generation, then epoch. A generation is a number, raised
// by each start of a broker, and a random part that tells two brokers apart.
struct MapVersion {
  std::uint64_t generation = 0;
  std::uint64_t nonce = 0;
  std::uint64_t epoch = 0;  // 0: no map
  bool is_none() const { return epoch == 0; }
  friend auto operator<=>(const MapVersion&, const MapVersion&) = default;
};

// How far `replica` is behind what a worker has coordinated for it.
struct ReplicaLag {
  WorkerId replica;
  std::uint64_t entries = 0;  // not acknowledged yet
  Duration age{0};            // of the oldest of them
  friend bool operator==(const ReplicaLag&, const ReplicaLag&) = default;
};

// Reads in which a worker found, since it was started, that it cannot read what it stored.
struct UnreadableReads {
  std::uint64_t count = 0;
  WallTime since{};       // by the worker's clock
  std::string what = {};  // the first of them
  friend bool operator==(const UnreadableReads&, const UnreadableReads&) = default;
};

// How a worker does, as its heartbeat says.
struct WorkerHealth {
  std::uint64_t entries_estimate = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t pending_bytes = 0;        // of writes accepted and not yet durable
  std::uint64_t commit_microseconds = 0;  // of the last commit of the past 10 s, by now
  WallTime wall{};                        // the worker's clock
  bool read_only = false;                 // the disk is nearly full
  std::uint32_t not_whole = 0;            // partitions that it does not serve yet
  std::string why_not_whole = {};         // and what it waits for; empty if it serves all
  std::vector<ReplicaLag> lags = {};      // of those that replicate from it, by id
  UnreadableReads unreadable = {};
  friend bool operator==(const WorkerHealth&, const WorkerHealth&) = default;
};

enum class Liveness : std::uint8_t { never_seen = 0, alive = 1, suspect = 2 };

struct WorkerStatus {
  WorkerId id;
  StoreId store;
  Liveness liveness = Liveness::never_seen;
  Duration silent{0};            // since its last heartbeat
  std::uint32_t partitions = 0;  // of which it is a replica
  std::uint32_t in_flight = 0;   // requests at it now
  WorkerHealth health;
  friend bool operator==(const WorkerStatus&, const WorkerStatus&) = default;
};

// How far a broker is: what it waits for before a map is in force.
enum class ClusterPhase : std::uint8_t {
  unsaid = 0,    // it is of a version that does not say
  starting = 1,  // no worker has come yet: whether this is a birth, only they know
  birth = 2,     // for all the workers of a new cluster
  recovery = 3,  // for workers of the map `wanted`, to go on from it
  storing = 4,   // for workers to store the map `wanted`
  in_force = 5,  // for nothing
};

struct ClusterStatus {
  ClusterId cluster;
  MapVersion in_force;
  std::uint32_t expected_workers = 0;  // before birth: how many must say hello
  std::uint32_t replicas = 1;
  std::uint32_t partitions = 0;
  WallTime wall{};  // the broker's clock
  Duration uptime{0};
  std::string waiting_for;  // why no map is in force yet; empty once one is
  // Those that the map names, in force or wanted; before that, and beside those that are wanted,
  // all that have come, without an id.
  std::vector<WorkerStatus> workers;
  ClusterPhase phase = ClusterPhase::unsaid;
  MapVersion wanted = {};  // see phase; none once a map is in force
  // What the supervisor of this cluster's processes says of them, if it has one, as JSON
  // (docs/protocol.md, "Status"). The broker passes it on unread.
  std::string processes = {};
  // What fills the broker, if it has refused requests for want of room just now; else empty.
  std::string refusing = {};
  friend bool operator==(const ClusterStatus&, const ClusterStatus&) = default;
};

}  // namespace kipu
