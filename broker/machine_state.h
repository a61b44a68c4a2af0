// What the broker machine owns, and its handlers: machine.cc has the events, machine_clients.cc and
// machine_workers.cc what each message does.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/in_flight.h"
#include "broker/machine.h"
#include "broker/map_keeper.h"
#include "broker/members.h"

namespace kipu::broker {

// A request that waits for a map to come in force.
struct Change {
  PeerId client;
  schema::Envelope request;
  Instant deadline;
  Bucket bucket;
};

struct Machine::State {
  State(Config config_given, Rng rng, Now now);

  // Clients: machine_clients.cc.
  void on_client_hello(const PeerId& from, const schema::Message& message, Effects& effects);
  void on_bucket_create(Now now, const PeerId& from, const schema::Message& message,
                        Effects& effects);
  void on_status(Now now, const PeerId& from, const schema::Envelope& request,
                 Effects& effects) const;
  void route(Now now, const PeerId& from, schema::Message message, Effects& effects);
  Result<const Member*> route_to(const schema::Envelope& request) const;
  std::string how_many_live(const schema::ClusterMap& map) const;
  bool others_can_coordinate(WorkerId worker) const;
  Result<const Member*> best_replica(PartitionId partition, schema::MessageKind kind) const;
  Status check_room(Now now, const PeerId& from, const schema::Message& message);
  std::string why_refusing(Now now) const;
  ClusterStatus status(Now now) const;
  void show_workers(Now now, const schema::ClusterMap& map, ClusterStatus& shown) const;
  void show_others(Now now, const schema::ClusterMap* map, ClusterStatus& shown) const;
  WorkerStatus worker_status(Now now, const schema::Worker& worker, std::uint32_t partitions) const;

  // Changes of the map.
  void start_changes(Effects& effects);
  bool add_buckets(schema::ClusterMap& next, Effects& effects);
  bool move_workers(schema::ClusterMap& next, Effects& effects) const;
  bool anybody_moved() const;
  void finish_changes(Effects& effects);
  void abandon_changes(Effects& effects);
  void expire_changes(Now now, Effects& effects);

  // Workers: machine_workers.cc.
  void on_worker_hello(Now now, const PeerId& from, const schema::Message& message,
                       Effects& effects);
  void on_heartbeat(Now now, const PeerId& from, const schema::Message& message, Effects& effects);
  void on_map_stored(const PeerId& from, const schema::Message& message, Effects& effects);
  void on_reply(const PeerId& from, schema::Message message, Effects& effects);
  Status check_hello(const schema::WorkerHello& hello) const;
  void register_worker(Now now, const PeerId& from, const schema::WorkerHello& hello,
                       Effects& effects);
  void meet_map(const schema::ClusterMap& map, const StoreId& store, Effects& effects);
  void on_heard(Now now, Member& member, Effects& effects);
  void judge(Now now, Effects& effects);
  void forget(const StoreId& store, Effects& effects);
  // Answers what was forwarded to a worker that will not answer.
  void answer_lost(const StoreId& store, Effects& effects);
  void stop(std::string why, Effects& effects);

  // Maps on their way to workers.
  void advance(Effects& effects);
  void announce_in_force(Effects& effects);
  void offer_to_all(Effects& effects);
  void offer(const Member& member, Effects& effects);
  void send_in_force(const Member& member, Effects& effects);

  // The least that answering takes.
  void reply(const PeerId& client, const schema::Envelope& request, schema::MessageKind kind,
             Buffer body, Effects& effects) const;
  void refuse(const PeerId& client, const schema::Envelope& request, Error error,
              Effects& effects) const;
  void refuse(const PeerId& client, const Forwarded& request, Error error, Effects& effects) const;
  void reply_to_worker(const PeerId& worker, const schema::Envelope& request,
                       schema::MessageKind kind, Buffer body, Effects& effects) const;
  void refuse_worker(const PeerId& worker, const schema::Envelope& request, Error error,
                     Effects& effects) const;
  void send_to_worker(const PeerId& worker, schema::MessageKind kind, Buffer body,
                      Effects& effects);
  Error no_map() const;
  // "w1", or its store id while no map names it.
  std::string name_of(const StoreId& store) const;
  std::string ways_back() const;

  const Config config;
  const Instant started;
  Members members;
  MapKeeper maps;
  InFlight in_flight;
  std::uint64_t last_id;  // of requests to workers; each broker starts at a place of its own
  std::deque<Change> waiting_changes;
  std::vector<Change> proposed_changes;  // part of the proposed map
  Instant last_tick;
  Instant judge_from;  // silence is not held against workers before this
  std::optional<std::string> stopped;
  Instant refused_last;   // for want of room; since_start() if none was
  std::string processes;  // see Machine::on_processes
};

void log(Effects& effects, LogLevel level, std::string text);

}  // namespace kipu::broker
