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
constexpr std::uint64_t kReserveHysteresis = 4;  // the reserve and a quarter of it

MessageKind reply_kind(const Page&) {
  return MessageKind::page_reply;
}
MessageKind reply_kind(const Count&) {
  return MessageKind::count_reply;
}
MessageKind reply_kind(const KeysPage&) {
  return MessageKind::keys_reply;
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
      maps(info.store, decode_saved_map(info).value_or(std::nullopt)) {
  if (auto saved = decode_saved_map(info); !saved) {
    cannot_start = fmt::format(
        "the cluster map in the store file does not decode ({}); restore the store file from a "
        "copy, or set this directory aside and init a new one",
        saved.error().message);
  }
}

// Whether events are still handled. Nothing is answered any more once the machine has stopped.
bool Machine::State::may_act(Effects& effects) {
  if (!stopped && !cannot_start.empty()) stop(cannot_start, effects);
  return !stopped;
}

void Machine::State::stop(std::string why, Effects& effects) {
  stopped = true;
  effects.log.push_back({LogLevel::error, why});
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
      return on_map_store(message, effects);
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

void Machine::on_committed(Now now, CommitId id, const Status& status, Effects& effects) {
  if (!state_->may_act(effects)) return;
  KIPU_CHECK(state_->appends.committing());
  KIPU_CHECK_OP(static_cast<std::uint64_t>(id), ==, state_->last_commit);
  if (!status) {
    return state_->stop(fmt::format("a write to the store failed: {}: {}",
                                    error_name(status.error().code), status.error().message),
                        effects);
  }
  state_->commit_took = now.instant - state_->appends.commit_began();
  for (CheckedAppend& stored : state_->appends.end_commit()) {
    const schema::AppendReply reply{1, std::move(stored.refusals)};
    state_->reply(now, stored.asker, MessageKind::append_reply, reply, effects);
  }
  state_->commit_if_idle(now, effects);
}

void Machine::on_read(Now now, ReadId id, Result<ReadResult> result, Effects& effects) {
  if (!state_->may_act(effects)) return;
  const Asker asker = state_->reads.end(id);
  state_->begin_reads(now, effects);
  if (asker.deadline <= now.instant) return;  // the broker has answered by now
  if (!result) return state_->refuse(now, asker, std::move(result.error()), effects);
  std::visit([&](const auto& body) { state_->reply(now, asker, reply_kind(body), body, effects); },
             *result);
}

void Machine::on_map_saved(Now now, const MapVersion& version, const Status& status,
                           Effects& effects) {
  if (!state_->may_act(effects)) return;
  if (!status) {
    return state_->stop(fmt::format("saving the cluster map failed: {}: {}",
                                    error_name(status.error().code), status.error().message),
                        effects);
  }
  const MapVersion before = state_->maps.in_force_version();
  if (const auto request = state_->maps.on_saved(version)) {
    const Asker broker{*request, true, {}};
    state_->reply(now, broker, MessageKind::map_stored, schema::MapStored{version}, effects);
  }
  state_->after_map_change(now, before, effects);
}

void Machine::on_stats(Now, const storage::StoreStats& stats, Effects& effects) {
  if (!state_->may_act(effects)) return;
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
  return state_->stopped ? Instant::never() : state_->link.next();
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
         (state_->appends.empty() && state_->reads.empty() && !state_->maps.saving());
}

}  // namespace kipu::worker
