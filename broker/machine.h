// The broker as a machine: routes requests by their envelope, keeps the cluster map, watches
// workers. It holds no user data, and nothing of it outlives it but the cluster id and N in Config.
//
//  1. A map is in force once a majority of the previous map's workers (at birth: all N; after a
//     start: a majority of the newest map's workers, who have reported) have it on disk. Only then
//     does the broker say so and answer whoever asked for the change.
//  2. Every request gets one reply (level `none` aside): the worker's, or an error of the broker's
//     by its deadline. `unavailable` and `deadline_exceeded` say that it was never forwarded;
//     `outcome_unknown` that it was.
//  3. A body is never parsed on the way, except of messages addressed to the broker.
//  4. A request for a partition goes to the replica that can serve it best, and never to one that
//  is
//     suspect: who coordinates is the broker's to choose, since every replica can.
//  5. A worker that says hello from other addresses than the map has is given a map with these.
//  6. Requests in flight and queues are bounded by Config, and shared out among the clients; past
//     that: `overloaded`, and the status says so.
//
// How a map reaches a worker, over a bus that may lose any message:
//   broker → map_store(map) → worker saves it → map_stored(version) → broker
//   broker → map_in_force(version) → worker acts on it, if it has stored that version
// map_store is sent when a map is proposed, and again on a worker_hello or heartbeat of a worker
// that has not said map_stored for it. A worker that has a map of that version, or a newer one,
// answers map_store with map_stored of the newest that it has. map_in_force is sent when a map
// comes in force, and as the answer to a map_stored of the version in force.
// heartbeat_reply.in_force and worker_welcome.in_force say the same, so it need not be repeated: a
// worker that has stored that version acts on it. A worker needs no memory of what it has sent: the
// broker repeats until it is told. A worker_hello shows the newest map on the worker's disk; one
// that the broker does not know of may come from a broker that died before it was in force, and is
// weighed by recovery.h.
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
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::broker {

struct Config {
  ClusterId cluster;
  std::uint32_t workers = 3;   // N: nothing is planned before so many have said hello
  std::uint32_t replicas = 1;  // n, at most N
  std::uint32_t partitions = limits::kDefaultPartitions;
  Duration heartbeat = std::chrono::milliseconds(250);
  std::uint32_t missed_heartbeats = 3;  // so many missed and a worker is suspect
  std::size_t max_in_flight = 65'536;   // requests at workers
  std::size_t max_in_flight_bytes = std::size_t{256} * 1024 * 1024;
};

struct Outgoing {
  PeerId to;
  schema::Message message;
};

// What the runtime does after each event, in any order between the lists and in order within one.
struct Effects {
  std::vector<Outgoing> to_clients;
  std::vector<Outgoing> to_workers;
  std::vector<LogLine> log;
  // Set once another broker's greater map is in force: why the process must end. From then on the
  // machine answers every request with `unavailable`.
  std::optional<std::string> stop;
};

class Machine {
 public:
  // REQUIRES: check_config(config).
  Machine(Config config, Rng rng, Now now);
  ~Machine();
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) = delete;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void on_client_message(Now now, const PeerId& from, schema::Message message, Effects& effects);
  void on_worker_message(Now now, const PeerId& from, schema::Message message, Effects& effects);
  // A message of to_workers that the transport could not take (peer gone, queue full): nothing of
  // it was sent.
  void on_undeliverable(Now now, const PeerId& to, const schema::Envelope& envelope,
                        Effects& effects);
  // A client is gone, and whoever has its name next is another: nothing is owed to it any more.
  void on_client_gone(const PeerId& client);
  // What a supervisor says of the cluster's processes, of at most kMaxProcessesBytes: each status
  // that is asked from now on carries it. It is not looked into.
  void on_processes(std::string report);
  void on_tick(Now now, Effects& effects);
  // When on_tick is due at the latest.
  Instant next_tick() const;
  // No request is at a worker: what the runtime waits for before it ends, having stopped reading
  // from clients.
  bool idle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// `invalid_argument` for sizes out of range, or more replicas than workers.
[[nodiscard]] Status check_config(const Config& config);

}  // namespace kipu::broker
