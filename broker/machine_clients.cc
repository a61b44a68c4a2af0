// What clients ask: the map, buckets, status, and the requests that are routed to workers.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "broker/machine_state.h"
#include "broker/recovery.h"
#include "cluster/map.h"
#include "cluster/own_buckets.h"
#include "schema/codec.h"

namespace kipu::broker {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;

namespace {

constexpr std::size_t kMaxWaitingChanges = 1024;
// So long after a request was refused for want of room, the status says so.
constexpr Duration kRefusalsShown = std::chrono::seconds(5);

Instant deadline_of(Now now, const Envelope& request) {
  return now.instant + std::min(request.remaining, limits::kLongestRemaining);
}

// A worker whose last commit took longer lags: another replica acknowledges sooner.
constexpr std::uint64_t kLaggingMicroseconds = 500'000;

bool lags(const Member& member) {
  return member.health.commit_microseconds >= kLaggingMicroseconds;
}

// What speaks against a worker for such a request: the greater, the less it can serve it. Whoever
// has its disk full refuses every append, and whoever lacks partitions may refuse a read.
int drawbacks(const Member& member, MessageKind kind) {
  const WorkerHealth& health = member.health;
  const bool refuses = kind == MessageKind::append ? health.read_only : health.not_whole > 0;
  return (refuses ? 2 : 0) + (lags(member) ? 1 : 0);
}

// Whether `map` has the bucket: false if no bucket has that name, `bucket_differs` if one has it
// with other properties.
Result<bool> has_bucket(const schema::ClusterMap& map, const Bucket& wanted) {
  const Bucket* bucket = cluster::find_bucket(map, wanted.name);
  if (bucket == nullptr) return false;
  if (*bucket == wanted) return true;
  return fail(ErrorCode::bucket_differs,
              fmt::format("bucket '{}' exists with other properties, which never change: choose "
                          "another name",
                          wanted.name));
}

// Adds `wanted` unless it is there. True if that changed the map.
Result<bool> add_bucket(schema::ClusterMap& map, const Bucket& wanted) {
  Result<bool> there = has_bucket(map, wanted);
  if (!there) return there;
  if (*there) return false;
  if (map.buckets.size() >= limits::kMaxBuckets) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a cluster has at most {} buckets", limits::kMaxBuckets));
  }
  const auto at = std::find_if(map.buckets.begin(), map.buckets.end(),
                               [&](const Bucket& bucket) { return bucket.name > wanted.name; });
  map.buckets.insert(at, wanted);
  return true;
}

}  // namespace

void Machine::State::on_client_hello(const PeerId& from, const Message& message, Effects& effects) {
  const Envelope& request = message.envelope;
  const auto hello = schema::decode<schema::ClientHello>(message.body.view());
  if (!hello) return refuse(from, request, hello.error(), effects);
  if (!hello->cluster.is_none() && hello->cluster != config.cluster) {
    return refuse(from, request,
                  {ErrorCode::wrong_cluster,
                   fmt::format("this broker serves cluster {}, not {}",
                               config.cluster.id.to_string(), hello->cluster.id.to_string())},
                  effects);
  }
  if (maps.in_force() == nullptr) return refuse(from, request, no_map(), effects);
  reply(from, request, MessageKind::map, maps.in_force()->body(), effects);
}

void Machine::State::on_bucket_create(Now now, const PeerId& from, const Message& message,
                                      Effects& effects) {
  const Envelope& request = message.envelope;
  auto create = schema::decode<schema::BucketCreate>(message.body.view());
  if (!create) return refuse(from, request, create.error(), effects);
  if (Status status = cluster::validate(create->bucket); !status) {
    return refuse(from, request, status.error(), effects);
  }
  if (Status allowed = cluster::check_reserved(create->bucket); !allowed) {
    return refuse(from, request, allowed.error(), effects);
  }
  if (maps.in_force() == nullptr) return refuse(from, request, no_map(), effects);
  const Result<bool> there = has_bucket(maps.in_force()->map, create->bucket);
  if (!there) return refuse(from, request, there.error(), effects);
  if (*there) {
    return reply(from, request, MessageKind::map, maps.in_force()->body(), effects);
  }
  if (waiting_changes.size() + proposed_changes.size() >= kMaxWaitingChanges) {
    return refuse(from, request, {ErrorCode::overloaded, "too many changes of the map wait"},
                  effects);
  }
  waiting_changes.push_back({from, request, deadline_of(now, request), std::move(create->bucket)});
  start_changes(effects);
}

// All changes that wait go into one map, so that many take no longer than one.
void Machine::State::start_changes(Effects& effects) {
  if (maps.in_force() == nullptr || maps.proposed() != nullptr) return;
  if (waiting_changes.empty() && !anybody_moved()) return;
  schema::ClusterMap next = maps.in_force()->map;
  const bool moved = move_workers(next, effects);
  const bool added = add_buckets(next, effects);
  if (!moved && !added) return finish_changes(effects);
  maps.propose_change(std::move(next));
  offer_to_all(effects);
}

// True if that changed the map.
bool Machine::State::add_buckets(schema::ClusterMap& next, Effects& effects) {
  bool changed = false;
  for (Change& change : std::exchange(waiting_changes, {})) {
    const Result<bool> added = add_bucket(next, change.bucket);
    if (added) {
      changed = changed || *added;
      proposed_changes.push_back(std::move(change));
    } else {
      refuse(change.client, change.request, added.error(), effects);
    }
  }
  return changed;
}

// What was proposed is in force now.
void Machine::State::finish_changes(Effects& effects) {
  const std::vector<Change> done = std::exchange(proposed_changes, {});
  for (const Change& change : done) {
    reply(change.client, change.request, MessageKind::map, maps.in_force()->body(), effects);
  }
}

void Machine::State::abandon_changes(Effects& effects) {
  for (const Change& change : std::exchange(proposed_changes, {})) {
    refuse(change.client, change.request,
           {ErrorCode::outcome_unknown, "the broker lost the map before the change was in force"},
           effects);
  }
  for (const Change& change : std::exchange(waiting_changes, {})) {
    refuse(change.client, change.request, no_map(), effects);
  }
}

void Machine::State::expire_changes(Now now, Effects& effects) {
  const auto is_due = [&](const Change& change) { return change.deadline <= now.instant; };
  for (const Change& change : proposed_changes) {
    if (!is_due(change)) continue;
    refuse(change.client, change.request,
           {ErrorCode::outcome_unknown, "the workers have not stored the changed map in time"},
           effects);
  }
  for (const Change& change : waiting_changes) {
    if (!is_due(change)) continue;
    refuse(change.client, change.request,
           {ErrorCode::deadline_exceeded, "a former change of the map is not in force yet"},
           effects);
  }
  std::erase_if(proposed_changes, is_due);
  std::erase_if(waiting_changes, is_due);
}

void Machine::State::route(Now now, const PeerId& from, Message message, Effects& effects) {
  const Envelope& request = message.envelope;
  if (!request.expects_reply && request.kind != MessageKind::append) return;
  const Result<const Member*> worker = route_to(request);
  if (!worker) return refuse(from, request, worker.error(), effects);
  if (Status room = check_room(now, from, message); !room) {
    return refuse(from, request, room.error(), effects);
  }
  const std::uint64_t id = ++last_id;
  if (request.expects_reply) {
    in_flight.add(id, {from, request.request_id, (*worker)->store, request.kind,
                       deadline_of(now, request), message.body.size()});
  }
  message.envelope.request_id = id;
  message.envelope.remaining = std::min(request.remaining, limits::kLongestRemaining);
  effects.to_workers.push_back({(*worker)->peer, std::move(message)});
}

// The worker that the request is for, if it is known and alive.
Result<const Member*> Machine::State::route_to(const Envelope& request) const {
  if (maps.in_force() == nullptr) return fail(no_map());
  if (const auto* partition = std::get_if<PartitionId>(&request.destination)) {
    return best_replica(*partition, request.kind);
  }
  const auto* id = std::get_if<WorkerId>(&request.destination);
  if (id == nullptr) {
    return fail(ErrorCode::invalid_argument,
                "a request for a worker needs a partition or a worker as its destination");
  }
  const schema::Worker* worker = cluster::find_worker(maps.in_force()->map, *id);
  if (worker == nullptr) {
    return fail(ErrorCode::unavailable, fmt::format("there is no worker {}", id->to_string()));
  }
  const Member* member = members.find(worker->store);
  if (member == nullptr || member->suspect) {
    return fail(ErrorCode::unavailable, fmt::format("worker {} is down; {}", id->to_string(),
                                                    how_many_live(maps.in_force()->map)));
  }
  if (request.kind == MessageKind::append && lags(*member) && others_can_coordinate(*id)) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("the disk of worker {} lags, and other replicas' do not", id->to_string()));
  }
  return member;
}

// "1 of 3 workers is alive".
std::string Machine::State::how_many_live(const schema::ClusterMap& map) const {
  const auto alive =
      std::count_if(map.workers.begin(), map.workers.end(), [&](const schema::Worker& worker) {
        const Member* member = members.find(worker.store);
        return member != nullptr && !member->suspect;
      });
  return fmt::format("{} of {} workers {} alive", alive, map.workers.size(),
                     alive == 1 ? "is" : "are");
}

// Whether each partition of `worker` has another replica that is alive and that nothing speaks
// against. A batch, whose partitions only its body names, is better sent there then.
bool Machine::State::others_can_coordinate(WorkerId worker) const {
  const schema::ClusterMap& map = maps.in_force()->map;
  std::vector<WorkerId> able;
  for (const schema::Worker& other : map.workers) {
    const Member* member = other.id == worker ? nullptr : members.find(other.store);
    const bool is_alive = member != nullptr && !member->suspect;
    if (is_alive && drawbacks(*member, MessageKind::append) == 0) able.push_back(other.id);
  }
  return std::all_of(
      map.placement.begin(), map.placement.end(), [&](const schema::Replicas& replicas) {
        if (std::find(replicas.begin(), replicas.end(), worker) == replicas.end()) {
          return true;
        }
        return std::find_first_of(replicas.begin(), replicas.end(), able.begin(), able.end()) !=
               replicas.end();
      });
}

// The first of the replicas in the map among those that are alive and have the fewest drawbacks.
Result<const Member*> Machine::State::best_replica(PartitionId partition, MessageKind kind) const {
  const schema::ClusterMap& map = maps.in_force()->map;
  if (partition.number >= map.placement.size()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("there is no partition {}: the cluster has {}", partition.number,
                            map.placement.size()));
  }
  const schema::Replicas& replicas = map.placement[partition.number];
  const Member* best = nullptr;
  for (const WorkerId id : replicas) {
    const schema::Worker* worker = cluster::find_worker(map, id);
    const Member* member = worker != nullptr ? members.find(worker->store) : nullptr;
    if (member == nullptr || member->suspect) continue;
    if (best == nullptr || drawbacks(*member, kind) < drawbacks(*best, kind)) best = member;
  }
  if (best != nullptr) return best;
  return fail(ErrorCode::unavailable, replicas.size() == 1
                                          ? fmt::format("worker {} is down; {}",
                                                        replicas[0].to_string(), how_many_live(map))
                                          : fmt::format("all {} replicas of partition {} are down",
                                                        replicas.size(), partition.number));
}

Status Machine::State::check_room(Now now, const PeerId& from, const Message& message) {
  if (in_flight.has_room_for(from, message.body.size())) return {};
  refused_last = now.instant;
  return fail(ErrorCode::overloaded,
              "too many requests are in flight at this broker, of this client or of all");
}

std::string Machine::State::why_refusing(Now now) const {
  if (refused_last == Instant() || now.instant - refused_last > kRefusalsShown) return {};
  return fmt::format(
      "{} requests of {} bytes are in flight, of one client up to {}, and there is room for {} of "
      "{} bytes",
      in_flight.size(), in_flight.bytes(), in_flight.most_of_one(), config.max_in_flight,
      config.max_in_flight_bytes);
}

void Machine::State::on_status(Now now, const PeerId& from, const Envelope& request,
                               Effects& effects) const {
  reply(from, request, MessageKind::status_reply, schema::encode(status(now)), effects);
}

ClusterStatus Machine::State::status(Now now) const {
  ClusterStatus shown;
  shown.cluster = config.cluster;
  shown.in_force = maps.in_force_version();
  shown.expected_workers = config.workers;
  shown.replicas = config.replicas;
  shown.partitions = config.partitions;
  shown.wall = now.wall;
  shown.uptime = now.instant - started;
  shown.processes = processes;
  shown.refusing = why_refusing(now);
  MapKeeper::Waiting waiting = maps.waiting(members);
  shown.phase = waiting.phase;
  shown.waiting_for = std::move(waiting.text);
  if (maps.in_force() != nullptr) {
    show_workers(now, maps.in_force()->map, shown);
    return shown;
  }
  if (waiting.map != nullptr) {
    shown.wanted = waiting.map->version;
    show_workers(now, *waiting.map, shown);
  }
  show_others(now, waiting.map, shown);
  return shown;
}

void Machine::State::show_workers(Now now, const schema::ClusterMap& map,
                                  ClusterStatus& shown) const {
  shown.replicas = map.replicas;
  shown.partitions = static_cast<std::uint32_t>(map.placement.size());
  std::map<WorkerId, std::uint32_t> partitions;
  for (const schema::Replicas& replicas : map.placement) {
    for (const WorkerId id : replicas) ++partitions[id];
  }
  for (const schema::Worker& worker : map.workers) {
    shown.workers.push_back(worker_status(now, worker, partitions[worker.id]));
  }
}

// Those that have come and that `map`, if there is one, does not name.
void Machine::State::show_others(Now now, const schema::ClusterMap* map,
                                 ClusterStatus& shown) const {
  for (const auto& [store, member] : members.all()) {
    if (shown.workers.size() >= kMaxMembers) return;
    if (map != nullptr && cluster::find_worker(*map, store) != nullptr) continue;
    schema::Worker worker;
    worker.store = store;
    shown.workers.push_back(worker_status(now, worker, 0));
  }
}

WorkerStatus Machine::State::worker_status(Now now, const schema::Worker& worker,
                                           std::uint32_t partitions) const {
  WorkerStatus shown;
  shown.id = worker.id;
  shown.store = worker.store;
  shown.partitions = partitions;
  shown.in_flight = in_flight.count_at(worker.store);
  const Member* member = members.find(worker.store);
  if (member == nullptr) return shown;
  shown.liveness = member->suspect ? Liveness::suspect : Liveness::alive;
  shown.silent = now.instant - member->heard;
  shown.health = member->health;
  return shown;
}

}  // namespace kipu::broker
