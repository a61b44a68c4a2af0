// What workers say, who of them is alive, and how maps reach them.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "broker/machine_state.h"
#include "broker/recovery.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::broker {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;

namespace {

constexpr std::size_t kMostOfAMessage = 200;

MessageKind answer_to(MessageKind request) {
  switch (request) {
    case MessageKind::append:
      return MessageKind::append_reply;
    case MessageKind::count:
      return MessageKind::count_reply;
    case MessageKind::keys:
      return MessageKind::keys_reply;
    default:
      return MessageKind::page_reply;
  }
}

bool names(const schema::ClusterMap& map, const StoreId& store) {
  return cluster::find_worker(map, store) != nullptr;
}

Status check_properties(const schema::WorkerHello& hello) {
  if (hello.store.is_none()) return fail(ErrorCode::invalid_argument, "a worker without a store");
  if (hello.weight < 1 || hello.weight > limits::kMaxWeight) {
    return fail(ErrorCode::invalid_argument, fmt::format("a worker's weight is 1 to {}, not {}",
                                                         limits::kMaxWeight, hello.weight));
  }
  return hello.map ? cluster::validate(*hello.map) : Status{};
}

}  // namespace

void Machine::State::on_worker_hello(Now now, const PeerId& from, const Message& message,
                                     Effects& effects) {
  const Envelope& request = message.envelope;
  const auto hello = schema::decode<schema::WorkerHello>(message.body.view());
  if (!hello) return refuse_worker(from, request, hello.error(), effects);
  if (Status status = check_hello(*hello); !status) {
    log(effects, LogLevel::warning, "refused a worker: " + status.error().message);
    if (hello->map && hello->map->cluster == config.cluster) maps.note(hello->map->version);
    return refuse_worker(from, request, status.error(), effects);
  }
  register_worker(now, from, *hello, effects);
  schema::WorkerWelcome welcome{config.cluster, {}, maps.in_force_version()};
  if (maps.in_force() != nullptr) {
    const schema::Worker* worker = cluster::find_worker(maps.in_force()->map, hello->store);
    if (worker != nullptr) welcome.worker = worker->id;
  }
  reply_to_worker(from, request, MessageKind::worker_welcome, schema::encode(welcome), effects);
  if (const Member* member = members.find(hello->store)) offer(*member, effects);
  advance(effects);
  start_changes(effects);
}

Status Machine::State::check_hello(const schema::WorkerHello& hello) const {
  if (Status status = check_properties(hello); !status) return status;
  const ClusterId theirs = hello.map ? hello.map->cluster : hello.cluster;
  if ((!theirs.is_none() && theirs != config.cluster) ||
      (!hello.cluster.is_none() && hello.cluster != config.cluster)) {
    return fail(ErrorCode::wrong_cluster,
                fmt::format("store {} belongs to cluster {}, and this broker serves cluster {}",
                            hello.store.id.to_string(), theirs.id.to_string(),
                            config.cluster.id.to_string()));
  }
  if (maps.in_force() != nullptr && !names(maps.in_force()->map, hello.store)) {
    return fail(ErrorCode::unsupported,
                fmt::format("store {} is none of the {} that map {} names, and this version "
                            "cannot add workers: start the worker over the directory that it "
                            "had{}",
                            hello.store.id.to_string(), maps.in_force()->map.workers.size(),
                            show(maps.in_force_version()), ways_back()));
  }
  if (members.all().size() >= kMaxMembers && members.find(hello.store) == nullptr) {
    return fail(ErrorCode::overloaded, "too many workers have said hello");
  }
  return {};
}

// How a store takes the place of one of those that are away.
std::string Machine::State::ways_back() const {
  std::string away;
  for (const schema::Worker& worker : maps.in_force()->map.workers) {
    const Member* member = members.find(worker.store);
    if (member != nullptr && !member->suspect) continue;
    away += fmt::format("{}{} of {}", away.empty() ? "" : ", ", worker.store.id.to_string(),
                        worker.id.to_string());
    if (away.size() > kMostOfAMessage) break;
  }
  if (away.empty()) return "";
  return "; if that is lost, over a new one in its place, made with the id of one that is away: " +
         away;
}

void Machine::State::register_worker(Now now, const PeerId& from, const schema::WorkerHello& hello,
                                     Effects& effects) {
  // Whatever the former registrations were asked, no answer to it will come.
  if (const Member* former = members.find(from)) answer_lost(StoreId(former->store), effects);
  answer_lost(hello.store, effects);
  members.register_hello(now.instant, from, hello);
  log(effects, LogLevel::info,
      fmt::format("{} said hello with {}", name_of(hello.store),
                  hello.map ? "map " + show(hello.map->version) : std::string("no map")));
  if (hello.map) meet_map(*hello.map, hello.store, effects);
}

void Machine::State::meet_map(const schema::ClusterMap& map, const StoreId& store,
                              Effects& effects) {
  const std::string version = show(map.version);
  switch (maps.meet(map, store, members)) {
    case MapKeeper::Met::fine:
      return;
    case MapKeeper::Met::recovers:
      log(effects, LogLevel::info,
          fmt::format("{} has map {}: choosing anew what to go on from", name_of(store), version));
      return;
    case MapKeeper::Met::outbids:
      log(effects, LogLevel::warning,
          fmt::format("{} has map {}, which is greater than ours and never came in force: "
                      "proposing map {} above it",
                      name_of(store), version, show(maps.newest())));
      return offer_to_all(effects);
    case MapKeeper::Met::gives_up:
      log(effects, LogLevel::error,
          fmt::format("{} has map {}, which another broker made and which may be in force: "
                      "waiting for the workers to report anew",
                      name_of(store), version));
      abandon_changes(effects);
      std::vector<StoreId> others;
      for (const auto& [other, member] : members.all()) {
        if (other != store) others.push_back(other);
      }
      for (const StoreId& other : others) forget(other, effects);
  }
}

void Machine::State::on_heartbeat(Now now, const PeerId& from, const Message& message,
                                  Effects& effects) {
  const Envelope& request = message.envelope;
  const auto heartbeat = schema::decode<schema::Heartbeat>(message.body.view());
  if (!heartbeat) return refuse_worker(from, request, heartbeat.error(), effects);
  Member* member = members.find(from);
  schema::HeartbeatReply answer{heartbeat->sent, false, maps.in_force_version()};
  if (member == nullptr || member->store != heartbeat->store) {
    return reply_to_worker(from, request, MessageKind::heartbeat_reply, schema::encode(answer),
                           effects);
  }
  member->heard = now.instant;
  member->acts_on = heartbeat->in_force;
  member->health = heartbeat->health;
  if (!maps.newest().is_none() && heartbeat->in_force > maps.newest()) {
    return stop(fmt::format("worker {} acts on map {} of another broker, and the newest here is "
                            "{}: stop one of the brokers",
                            name_of(member->store), show(heartbeat->in_force), show(maps.newest())),
                effects);
  }
  answer.known = true;
  reply_to_worker(from, request, MessageKind::heartbeat_reply, schema::encode(answer), effects);
  offer(*member, effects);
}

void Machine::State::on_map_stored(const PeerId& from, const Message& message, Effects& effects) {
  const auto stored = schema::decode<schema::MapStored>(message.body.view());
  Member* member = members.find(from);
  if (!stored || member == nullptr) return;
  if (stored->version > maps.newest()) {
    // It has a map that we do not: its next heartbeat is answered so that it shows it.
    maps.note(stored->version);
    return forget(StoreId(member->store), effects);
  }
  member->holds = std::max(member->holds, stored->version);
  maps.on_stored(member->store, stored->version);
  if (stored->version == maps.in_force_version()) send_in_force(*member, effects);
  offer(*member, effects);
  advance(effects);
}

void Machine::State::on_reply(const PeerId& from, Message message, Effects& effects) {
  const std::uint64_t id = message.envelope.request_id;
  const Forwarded* request = in_flight.find(id);
  const Member* member = members.find(from);
  if (request == nullptr || member == nullptr || member->store != request->worker) return;
  const MessageKind kind = message.envelope.kind;
  if (kind != MessageKind::error && kind != answer_to(request->kind)) return;
  const Forwarded taken = in_flight.take(id);
  Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = taken.client_request;
  effects.to_clients.push_back({taken.client, {envelope, std::move(message.body)}});
}

void Machine::State::on_heard(Now now, Member& member, Effects& effects) {
  member.heard = now.instant;
  if (!member.suspect) return;
  member.suspect = false;
  log(effects, LogLevel::info, fmt::format("worker {} is back", name_of(member.store)));
}

// Who missed too many heartbeats is suspect. Of those that no map names, nothing is kept.
void Machine::State::judge(Now now, Effects& effects) {
  if (now.instant < judge_from) return;
  const Duration silence = config.heartbeat * config.missed_heartbeats;
  for (const StoreId& store : members.suspect_silent_since(now.instant + -silence)) {
    log(effects, LogLevel::warning,
        fmt::format("worker {} is suspect: nothing heard of it for {} heartbeats", name_of(store),
                    config.missed_heartbeats));
    answer_lost(store, effects);
    const bool named = (maps.in_force() != nullptr && names(maps.in_force()->map, store)) ||
                       (maps.proposed() != nullptr && names(maps.proposed()->map, store));
    if (!named) members.forget(store);
  }
}

void Machine::State::forget(const StoreId& store, Effects& effects) {
  answer_lost(store, effects);
  members.forget(store);
}

void Machine::State::answer_lost(const StoreId& store, Effects& effects) {
  for (const Forwarded& request : in_flight.take_all_at(store)) {
    // A read that was lost has done nothing, so it may be said to be only unavailable.
    const bool append = request.kind == MessageKind::append;
    refuse(request.client, request,
           {append ? ErrorCode::outcome_unknown : ErrorCode::unavailable,
            fmt::format("worker {} was lost before it answered", name_of(store))},
           effects);
  }
}

void Machine::State::stop(std::string why, Effects& effects) {
  log(effects, LogLevel::error, why);
  stopped = why;
  effects.stop = std::move(why);
  abandon_changes(effects);
  for (const auto& [store, member] : members.all()) answer_lost(store, effects);
}

void Machine::State::advance(Effects& effects) {
  for (;;) {
    switch (maps.advance(members)) {
      case MapKeeper::Step::none:
        return;
      case MapKeeper::Step::proposed:
        log(effects, LogLevel::info,
            fmt::format("proposed map {} to {} workers", show(maps.newest()),
                        maps.proposed()->map.workers.size()));
        offer_to_all(effects);
        break;
      case MapKeeper::Step::in_force:
        announce_in_force(effects);
        break;
    }
  }
}

// Whether a registered worker is to be found elsewhere than the map in force says.
bool Machine::State::anybody_moved() const {
  const auto& workers = maps.in_force()->map.workers;
  return std::any_of(workers.begin(), workers.end(), [&](const schema::Worker& worker) {
    const Member* member = members.find(worker.store);
    return member != nullptr && member->endpoints != worker.endpoints;
  });
}

// Gives `next` the addresses that workers have now. True if that changed the map.
bool Machine::State::move_workers(schema::ClusterMap& next, Effects& effects) const {
  bool changed = false;
  for (schema::Worker& worker : next.workers) {
    const Member* member = members.find(worker.store);
    if (member == nullptr || member->endpoints == worker.endpoints) continue;
    worker.endpoints = member->endpoints;
    changed = true;
    log(effects, LogLevel::info,
        fmt::format("worker {} has other addresses now: stream {}, peer {}", worker.id.to_string(),
                    worker.endpoints.stream, worker.endpoints.peer));
  }
  return changed;
}

void Machine::State::announce_in_force(Effects& effects) {
  log(effects, LogLevel::info, fmt::format("map {} is in force", show(maps.in_force_version())));
  std::vector<StoreId> strangers;
  for (const auto& [store, member] : members.all()) {
    if (!names(maps.in_force()->map, store)) {
      strangers.push_back(store);
    } else if (member.holds == maps.in_force_version()) {
      send_in_force(member, effects);
    }
  }
  // They say hello again, and are told then why they are refused.
  for (const StoreId& store : strangers) forget(store, effects);
  finish_changes(effects);
  start_changes(effects);
}

void Machine::State::offer_to_all(Effects& effects) {
  for (const auto& [store, member] : members.all()) {
    if (!member.suspect) offer(member, effects);
  }
}

void Machine::State::offer(const Member& member, Effects& effects) {
  const EncodedMap* next = maps.next_for(member.holds);
  if (next == nullptr || !names(next->map, member.store)) return;
  send_to_worker(member.peer, MessageKind::map_store, next->body(), effects);
}

void Machine::State::send_in_force(const Member& member, Effects& effects) {
  send_to_worker(member.peer, MessageKind::map_in_force,
                 schema::encode(schema::MapStored{maps.in_force_version()}), effects);
}

std::string Machine::State::name_of(const StoreId& store) const {
  const EncodedMap* map = maps.in_force() != nullptr ? maps.in_force() : maps.proposed();
  const schema::Worker* worker = map != nullptr ? cluster::find_worker(map->map, store) : nullptr;
  return worker != nullptr ? worker->id.to_string() : "store " + store.id.to_string();
}

}  // namespace kipu::broker
