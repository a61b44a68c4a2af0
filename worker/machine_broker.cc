#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;

constexpr Duration kCommitShown = std::chrono::seconds(10);

std::string show(const MapVersion& version) {
  return fmt::format("{}.{}", version.generation, version.epoch);
}

}  // namespace

void Machine::State::say_hello(Effects& effects) const {
  schema::WorkerHello hello{store,         cluster,     config.endpoints,
                            config.weight, config.zone, maps.on_disk()};
  Envelope envelope;
  envelope.kind = MessageKind::worker_hello;
  envelope.request_id = link.request_id();
  envelope.remaining = config.heartbeat * config.missed_heartbeats;
  effects.to_broker.push_back(schema::make_message(envelope, hello));
}

void Machine::State::send_heartbeat(Now now, Effects& effects) const {
  schema::Heartbeat heartbeat{store, now.instant, maps.in_force_version(), health};
  heartbeat.health.wall = now.wall;
  heartbeat.health.pending_bytes = appends.bytes();
  heartbeat.health.lags = origin.lags(now.instant, peers);
  // A commit that hangs shows as one that takes ever longer. One that was slow is no news for ever:
  // where nobody writes, none that is quick takes its place.
  const bool is_recent = now.instant - commit_ended < kCommitShown;
  Duration took = is_recent ? commit_took : Duration{0};
  if (commit_began) took = std::max(took, now.instant - *commit_began);
  heartbeat.health.commit_microseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  Envelope envelope;
  envelope.kind = MessageKind::heartbeat;
  envelope.request_id = link.request_id();
  envelope.remaining = config.heartbeat * config.missed_heartbeats;
  effects.to_broker.push_back(schema::make_message(envelope, heartbeat));
}

void Machine::State::on_welcome(Now now, const Message& message, Effects& effects) {
  const auto welcome = schema::decode<schema::WorkerWelcome>(message.body.view());
  if (!welcome || !link.answers_hello(message.envelope.request_id)) return;
  if (!cluster.is_none() && welcome->cluster != cluster) {
    return stop(
        {ErrorCode::wrong_cluster,
         fmt::format("this store belongs to cluster {}, and the broker to cluster {}: connect the "
                     "worker to its own broker, or init a new directory for it",
                     cluster.id.to_string(), welcome->cluster.id.to_string())},
        effects);
  }
  link.welcomed(now.instant);
  effects.log.push_back(
      {LogLevel::info, fmt::format("welcomed by cluster {}{}", welcome->cluster.id.to_string(),
                                   welcome->worker.is_none()
                                       ? std::string(", which has no place for this worker yet")
                                       : " as " + welcome->worker.to_string())});
  announce(now, welcome->in_force, effects);
}

void Machine::State::on_heartbeat_reply(Now now, const Message& message, Effects& effects) {
  const auto answer = schema::decode<schema::HeartbeatReply>(message.body.view());
  if (!answer) return;
  if (!answer->known) return link.forgotten(now.instant);
  link.heard();
  announce(now, answer->in_force, effects);
  // One that names an older map says nothing of the newer one.
  if (answer->in_force.is_none() || answer->in_force != maps.announced()) return;
  lease.granted(answer->echo, now.instant);
  settle(now, effects);
}

// Only a refused hello says something: that this worker will never be taken as it is.
void Machine::State::on_broker_error(const Message& message, Effects& effects) {
  const auto reply = schema::decode<schema::ErrorReply>(message.body.view());
  if (!reply || !link.answers_hello(message.envelope.request_id)) return;
  const ErrorCode code = reply->error.code;
  const std::string why =
      fmt::format("the broker refused this worker: {}: {}", error_name(code), reply->error.message);
  switch (code) {
    case ErrorCode::wrong_cluster:
      return stop(
          {code, why + "; connect the worker to its own broker, or init a new directory for it"},
          effects);
    case ErrorCode::wrong_version:
      return stop({code, why + "; run a broker and workers of the same version"}, effects);
    default:
      if (remedy(code) == Remedy::fix_request) return stop({code, why}, effects);
      effects.log.push_back({LogLevel::warning, why + "; will ask again"});
  }
}

void Machine::State::on_map_store(Now now, const Message& message, Effects& effects) {
  const Asker broker{message.envelope.request_id, message.envelope.expects_reply, {}};
  auto map = schema::decode<schema::ClusterMap>(message.body.view());
  const Status sound = map ? cluster::validate(*map) : Status(fail(map.error()));
  if (!sound) {
    effects.log.push_back(
        {LogLevel::error, "the broker sent a cluster map that is none: " + sound.error().message});
    return refuse({}, broker, sound.error(), effects);
  }
  if (!cluster.is_none() && map->cluster != cluster) {
    return refuse({}, broker,
                  {ErrorCode::wrong_cluster,
                   fmt::format("this store belongs to cluster {}", cluster.id.to_string())},
                  effects);
  }
  const MapVersion version = map->version;
  cluster = map->cluster;
  switch (maps.take(std::move(*map), broker.request)) {
    case MapBook::Taken::save:
      // Once the first map is no longer on the disk, it cannot tell any more who was born with it.
      join_saved_map();
      save_wholeness(now, effects);
      effects.save_maps.push_back({version, cluster, std::string(message.body.view())});
      break;
    case MapBook::Taken::saving:
      break;
    case MapBook::Taken::on_disk:
      reply({}, broker, MessageKind::map_stored, schema::MapStored{maps.on_disk()->version},
            effects);
      break;
  }
}

void Machine::State::on_map_in_force(Now now, const Message& message, Effects& effects) {
  const auto in_force = schema::decode<schema::MapStored>(message.body.view());
  if (in_force) announce(now, in_force->version, effects);
}

void Machine::State::announce(Now now, const MapVersion& version, Effects& effects) {
  const MapVersion before = maps.in_force_version();
  maps.announce(version);
  after_map_change(now, before, effects);
}

// Takes up what was held for the map that may have come in force.
void Machine::State::after_map_change(Now now, const MapVersion& before, Effects& effects) {
  if (maps.in_force_version() == before) return;
  const std::string self = maps.self().is_none() ? "no worker" : maps.self().to_string();
  effects.log.push_back(
      {LogLevel::info, fmt::format("acts on map {} as {}", show(maps.in_force_version()), self)});
  const auto connected = peers.connections().addresses;
  peers.take(now.instant, *maps.in_force());
  origin.take(peers);
  follower.take(peers);
  if (peers.connections().addresses != connected) effects.peers = peers.connections();
  next_beacon = peers.connections().addresses.empty() ? Instant::never() : now.instant;
  link.hurry(now.instant);  // for the lease that this map needs
  take_map_for_wholeness(now, effects);
  for (HeldAppend& held : appends.release(maps.in_force_version())) {
    accept(now, held.asker, std::move(held.request), held.bytes, effects);
  }
  commit_if_idle(now, effects);
}

}  // namespace kipu::worker
