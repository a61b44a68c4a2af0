#include "worker/machine.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::Message;
using schema::MessageKind;

// Read-only ends once this much more than the reserve is free, so that it does not flap.
constexpr int kSilentBeacons = 4;  // a stream or an answer that is missing so long is lost
constexpr std::uint64_t kReserveHysteresis = 4;  // the reserve and a quarter of it

Error failed(std::string_view what, const Error& error) {
  return {error.code,
          fmt::format("{} failed: {}: {}", what, error_name(error.code), error.message)};
}

Result<std::optional<schema::ClusterMap>> decode_saved_map(const storage::StoreInfo& info) {
  if (info.map.empty()) return std::optional<schema::ClusterMap>();
  auto map = schema::decode<schema::ClusterMap>(info.map);
  if (!map) return fail(std::move(map.error()));
  if (auto valid = cluster::validate(*map); !valid) return fail(std::move(valid.error()));
  return std::optional(std::move(*map));
}

}  // namespace

Machine::State::State(Config settings, const storage::StoreInfo& info, Rng rng, Now now)
    : config(std::move(settings)),
      store(info.store),
      cluster(info.cluster),
      link(config.heartbeat, config.missed_heartbeats, rng.next() >> 1U, now.instant),
      maps(info.store, decode_saved_map(info).value_or(std::nullopt)),
      lease(config.lease),
      peers(info.store, std::max(config.heartbeat, config.beacon) * config.missed_heartbeats,
            config.beacon * kSilentBeacons),
      origin(info, config.stream_window_bytes),
      follower(info, config.max_incoming_bytes, rng.next() >> 1U, config.beacon * kSilentBeacons),
      writes(origin.run()),
      wholeness(info.whole),
      quorum_reads(rng.next() >> 1U),
      last_reconcile_request(rng.next() >> 1U) {
  join_saved_map();
  if (auto saved = decode_saved_map(info); !saved) {
    cannot_start = Error{
        ErrorCode::corrupt,
        fmt::format("the cluster map in the store file does not decode ({}); restore the store "
                    "file from a copy, or set this directory aside and init a new one",
                    saved.error().message)};
  }
}

// Whether events are still handled. Nothing is answered any more once the machine has stopped.
bool Machine::State::may_act(Effects& effects) {
  if (!stopped && cannot_start) stop(*cannot_start, effects);
  return !stopped;
}

void Machine::State::stop(Error why, Effects& effects) {
  stopped = true;
  effects.log.push_back({LogLevel::error, why.message});
  effects.stop = std::move(why);
}

void Machine::State::handle(Now now, Message message, Effects& effects) {
  const schema::Envelope& envelope = message.envelope;
  if (envelope.version != schema::kProtocolVersion) return on_unexpected(now, message, effects);
  switch (envelope.kind) {
    case MessageKind::worker_welcome:
      return on_welcome(now, message, effects);
    case MessageKind::heartbeat_reply:
      return on_heartbeat_reply(now, message, effects);
    case MessageKind::error:
      return on_broker_error(message, effects);
    case MessageKind::map_store:
      return on_map_store(now, message, effects);
    case MessageKind::map_in_force:
      return on_map_in_force(now, message, effects);
    case MessageKind::append:
      return on_append(now, message, effects);
    case MessageKind::page:
    case MessageKind::count:
    case MessageKind::keys:
    case MessageKind::scan:
      return on_query(now, message, effects);
    default:
      return on_unexpected(now, message, effects);
  }
}

Machine::Machine(Config config, const storage::StoreInfo& info, Rng rng, Now now)
    : state_(std::make_unique<State>(std::move(config), info, rng, now)) {}
Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;

void Machine::on_message(Now now, schema::Message message, Effects& effects) {
  if (state_->may_act(effects)) state_->handle(now, std::move(message), effects);
}

void Machine::on_peer_message(Now now, Message message, Effects& effects) {
  if (state_->may_act(effects)) state_->handle_peer(now, std::move(message), effects);
}

void Machine::on_stream_message(Now now, Message message, Effects& effects) {
  if (state_->may_act(effects)) state_->handle_stream(now, std::move(message), effects);
}

void Machine::on_committed(Now now, CommitId id, const storage::Merged& merged, Effects& effects) {
  if (!state_->may_act(effects)) return;
  KIPU_CHECK(state_->commit_began.has_value());
  KIPU_CHECK_OP(static_cast<std::uint64_t>(id), ==, state_->last_commit);
  if (!merged.status) {
    return state_->stop(failed("a write to the store", merged.status.error()), effects);
  }
  state_->after_commit(now, merged, effects);
}

void Machine::on_read(Now now, ReadId id, Result<ReadResult> result, Effects& effects) {
  if (!state_->may_act(effects)) return;
  const ReadQueue::Ended ended = state_->reads.end(id);
  state_->begin_reads(now, effects);
  state_->on_read_done(now, ended, std::move(result), effects);
}

void Machine::on_map_saved(Now now, const MapVersion& version, const Status& status,
                           Effects& effects) {
  if (!state_->may_act(effects)) return;
  if (!status) {
    return state_->stop(failed("saving the cluster map", status.error()), effects);
  }
  const MapVersion before = state_->maps.in_force_version();
  const auto request = state_->maps.on_saved(version);
  state_->join_saved_map();
  state_->save_wholeness(now, effects);
  if (request) {
    const Asker broker{*request, true, {}};
    state_->reply(now, broker, MessageKind::map_stored, schema::MapStored{version}, effects);
  }
  state_->after_map_change(now, before, effects);
}

void Machine::on_wholeness_saved(Now now, std::uint64_t id, const Status& status,
                                 Effects& effects) {
  if (!state_->may_act(effects)) return;
  if (!status) {
    return state_->stop(failed("saving which partitions are whole", status.error()), effects);
  }
  state_->on_wholeness_saved(now, id, effects);
}

void Machine::on_stats(Now, const storage::StoreStats& stats, Effects& effects) {
  if (!state_->may_act(effects)) return;
  if (stats.is_gone) {
    return state_->stop(
        {ErrorCode::io_error,
         "the directory of this store was removed or renamed while it served: nothing "
         "that it writes now would be found again"},
        effects);
  }
  WorkerHealth& health = state_->health;
  health.entries_estimate = stats.entries_estimate;
  health.disk_bytes = stats.disk_bytes;
  health.free_bytes = stats.free_bytes;
  const std::uint64_t reserve = state_->config.reserve_bytes;
  const std::uint64_t enough = health.read_only ? reserve + reserve / kReserveHysteresis : reserve;
  const bool read_only = stats.free_bytes < enough;
  if (read_only == health.read_only) return;
  health.read_only = read_only;
  effects.log.push_back(
      {LogLevel::warning,
       fmt::format("{} bytes are free on the disk, and {} are kept in reserve: {}",
                   stats.free_bytes, reserve,
                   read_only ? "refusing writes until there is room" : "taking writes again")});
}

void Machine::on_tick(Now now, Effects& effects) {
  if (!state_->may_act(effects)) return;
  state_->expire(now, effects);
  state_->save_wholeness(now, effects);  // what the open found out
  if (now.instant >= state_->next_beacon) state_->tick_peers(now, effects);
  state_->tick_reads(now, effects);
  state_->tick_wholeness(now, effects);
  switch (state_->link.due(now.instant)) {
    case BrokerLink::Due::hello:
      return state_->say_hello(effects);
    case BrokerLink::Due::heartbeat:
      return state_->send_heartbeat(now, effects);
    case BrokerLink::Due::nothing:
      return;
  }
}

Instant Machine::next_tick() const {
  if (state_->stopped) return Instant::never();
  return std::min({state_->link.next(), state_->next_beacon, state_->writes.next(),
                   state_->quorum_reads.next_tick(), state_->next_reconciliation()});
}

void Machine::drain(Now now, Effects& effects) {
  if (!state_->may_act(effects)) return;
  state_->draining = true;
  for (const HeldAppend& held : state_->appends.release_all()) {
    state_->refuse(now, held.asker, {ErrorCode::unavailable, "this worker is shutting down"},
                   effects);
  }
}

bool Machine::idle() const {
  return state_->stopped ||
         (state_->appends.empty() && state_->writes.empty() && state_->reads.empty() &&
          state_->quorum_reads.empty() && !state_->maps.saving());
}

}  // namespace kipu::worker
