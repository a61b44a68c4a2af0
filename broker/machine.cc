#include "broker/machine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "broker/machine_state.h"
#include "schema/codec.h"

namespace kipu::broker {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;

namespace {

Error unknown_kind(const Envelope& envelope, std::string_view sender) {
  return {ErrorCode::invalid_argument, fmt::format("message kind {} is not one that a {} sends",
                                                   static_cast<int>(envelope.kind), sender)};
}

Error wrong_version(const Envelope& envelope) {
  return {ErrorCode::wrong_version,
          fmt::format("the message has protocol version {}, and this broker speaks version {}",
                      envelope.version, schema::kProtocolVersion)};
}

// An answer is never answered by an error, or two peers that misunderstand each other could go on
// for ever.
bool is_answer(MessageKind kind) {
  switch (kind) {
    case MessageKind::error:
    case MessageKind::map:
    case MessageKind::pong:
    case MessageKind::status_reply:
    case MessageKind::append_reply:
    case MessageKind::page_reply:
    case MessageKind::count_reply:
    case MessageKind::keys_reply:
    case MessageKind::worker_welcome:
    case MessageKind::heartbeat_reply:
    case MessageKind::map_stored:
    case MessageKind::fetched:
    case MessageKind::peer_read_reply:
    case MessageKind::peer_merged:
      return true;
    default:
      return false;
  }
}

}  // namespace

void log(Effects& effects, LogLevel level, std::string text) {
  effects.log.push_back({level, std::move(text)});
}

Machine::State::State(Config config_given, Rng rng, Now now)
    : config(std::move(config_given)),
      started(now.instant),
      maps({config.cluster, config.workers, config.replicas, config.partitions}, Rng(rng.next())),
      in_flight(config.max_in_flight, config.max_in_flight_bytes),
      last_id(rng.next() >> 1U),
      last_tick(now.instant),
      judge_from(now.instant) {}

Machine::Machine(Config config, Rng rng, Now now)
    : state_(std::make_unique<State>(std::move(config), rng, now)) {
  KIPU_CHECK(check_config(state_->config).has_value());
}

Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;

void Machine::on_client_message(Now now, const PeerId& from, Message message, Effects& effects) {
  const Envelope& envelope = message.envelope;
  if (is_answer(envelope.kind)) return;
  if (envelope.version != schema::kProtocolVersion) {
    return state_->refuse(from, envelope, wrong_version(envelope), effects);
  }
  if (envelope.remaining <= Duration::zero()) {
    return state_->refuse(from, envelope, {ErrorCode::deadline_exceeded, "no time was left"},
                          effects);
  }
  if (state_->stopped) return state_->refuse(from, envelope, state_->no_map(), effects);
  switch (envelope.kind) {
    case MessageKind::client_hello:
      return state_->on_client_hello(from, message, effects);
    case MessageKind::bucket_create:
      return state_->on_bucket_create(now, from, message, effects);
    case MessageKind::ping:
      return state_->reply(from, envelope, MessageKind::pong, {}, effects);
    case MessageKind::status:
      return state_->on_status(now, from, envelope, effects);
    case MessageKind::append:
    case MessageKind::page:
    case MessageKind::count:
    case MessageKind::keys:
    case MessageKind::scan:
      return state_->route(now, from, std::move(message), effects);
    default:
      return state_->refuse(from, envelope, unknown_kind(envelope, "client"), effects);
  }
}

void Machine::on_worker_message(Now now, const PeerId& from, Message message, Effects& effects) {
  const Envelope& envelope = message.envelope;
  if (state_->stopped) return;
  if (envelope.version != schema::kProtocolVersion) {
    if (is_answer(envelope.kind)) return;
    return state_->refuse_worker(from, envelope, wrong_version(envelope), effects);
  }
  if (Member* member = state_->members.find(from)) state_->on_heard(now, *member, effects);
  switch (envelope.kind) {
    case MessageKind::worker_hello:
      return state_->on_worker_hello(now, from, message, effects);
    case MessageKind::heartbeat:
      return state_->on_heartbeat(now, from, message, effects);
    case MessageKind::map_stored:
      return state_->on_map_stored(from, message, effects);
    case MessageKind::append_reply:
    case MessageKind::page_reply:
    case MessageKind::count_reply:
    case MessageKind::keys_reply:
    case MessageKind::error:
      return state_->on_reply(from, std::move(message), effects);
    default:
      if (is_answer(envelope.kind)) return;
      return state_->refuse_worker(from, envelope, unknown_kind(envelope, "worker"), effects);
  }
}

void Machine::on_undeliverable(Now /*now*/, const PeerId& to, const Envelope& envelope,
                               Effects& effects) {
  // Maps and answers to heartbeats are repeated by themselves.
  const Forwarded* request = state_->in_flight.find(envelope.request_id);
  if (request == nullptr) return;
  const Member* member = state_->members.find(request->worker);
  if (member == nullptr || member->peer != to) return;
  const Forwarded taken = state_->in_flight.take(envelope.request_id);
  state_->refuse(taken.client, taken,
                 {ErrorCode::unavailable,
                  fmt::format("worker {} could not be reached", state_->name_of(taken.worker))},
                 effects);
}

void Machine::on_client_gone(const PeerId& client) {
  state_->in_flight.forget(client);
  const auto is_its = [&](const Change& change) { return change.client == client; };
  std::erase_if(state_->waiting_changes, is_its);
}

void Machine::on_processes(std::string report) {
  state_->processes = std::move(report);
}

void Machine::on_tick(Now now, Effects& effects) {
  State& state = *state_;
  // Who slept cannot tell whether others did: what they sent meanwhile has yet to be read.
  if (now.instant - state.last_tick > state.config.heartbeat * 2) {
    state.judge_from = now.instant + state.config.heartbeat;
  }
  state.last_tick = now.instant;
  for (const Forwarded& request : state.in_flight.take_expired(now.instant)) {
    const bool append = request.kind == MessageKind::append;
    state.refuse(request.client, request,
                 {append ? ErrorCode::outcome_unknown : ErrorCode::deadline_exceeded,
                  fmt::format("worker {} did not answer in time", state.name_of(request.worker))},
                 effects);
  }
  state.expire_changes(now, effects);
  if (state.stopped) return;
  state.judge(now, effects);
  state.advance(effects);
}

Instant Machine::next_tick() const {
  Instant next = state_->last_tick + state_->config.heartbeat;
  next = std::min(next, state_->in_flight.first_deadline());
  for (const Change& change : state_->waiting_changes) next = std::min(next, change.deadline);
  for (const Change& change : state_->proposed_changes) next = std::min(next, change.deadline);
  return next;
}

bool Machine::idle() const {
  return state_->in_flight.empty();
}

void Machine::State::reply(const PeerId& client, const Envelope& request, MessageKind kind,
                           Buffer body, Effects& effects) const {
  if (!request.expects_reply) return;
  Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = request.request_id;
  effects.to_clients.push_back({client, {envelope, std::move(body)}});
}

void Machine::State::refuse(const PeerId& client, const Envelope& request, Error error,
                            Effects& effects) const {
  reply(client, request, MessageKind::error, schema::encode(schema::ErrorReply{std::move(error)}),
        effects);
}

void Machine::State::refuse(const PeerId& client, const Forwarded& request, Error error,
                            Effects& effects) const {
  Envelope envelope;
  envelope.request_id = request.client_request;
  refuse(client, envelope, std::move(error), effects);
}

void Machine::State::reply_to_worker(const PeerId& worker, const Envelope& request,
                                     MessageKind kind, Buffer body, Effects& effects) const {
  Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = request.request_id;
  effects.to_workers.push_back({worker, {envelope, std::move(body)}});
}

void Machine::State::refuse_worker(const PeerId& worker, const Envelope& request, Error error,
                                   Effects& effects) const {
  reply_to_worker(worker, request, MessageKind::error,
                  schema::encode(schema::ErrorReply{std::move(error)}), effects);
}

void Machine::State::send_to_worker(const PeerId& worker, MessageKind kind, Buffer body,
                                    Effects& effects) {
  Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = ++last_id;
  envelope.remaining = config.heartbeat * config.missed_heartbeats;
  effects.to_workers.push_back({worker, {envelope, std::move(body)}});
}

Error Machine::State::no_map() const {
  if (stopped) return {ErrorCode::unavailable, "this broker has stopped: " + *stopped};
  return {ErrorCode::unavailable, "waiting for " + maps.waiting(members).text};
}

Status check_config(const Config& config) {
  const auto invalid = [](std::string text) {
    return fail(ErrorCode::invalid_argument, std::move(text));
  };
  if (config.cluster.is_none()) return invalid("a broker needs a cluster id: init makes one");
  if (config.workers < 1 || config.workers > limits::kMaxWorkers) {
    return invalid(
        fmt::format("a cluster has 1 to {} workers, not {}", limits::kMaxWorkers, config.workers));
  }
  if (config.replicas < 1) return invalid("a partition has at least one replica");
  if (config.replicas > config.workers) {
    return invalid(fmt::format("{} replicas of a partition need as many workers, and there are {}",
                               config.replicas, config.workers));
  }
  if (!std::has_single_bit(config.partitions) || config.partitions > limits::kMaxPartitions) {
    return invalid(fmt::format("partitions are a power of two up to {}, not {}",
                               limits::kMaxPartitions, config.partitions));
  }
  if (config.heartbeat <= Duration::zero() || config.missed_heartbeats < 1) {
    return invalid("heartbeats need a length of time, and at least one must be missed");
  }
  if (config.max_in_flight < 1 || config.max_in_flight_bytes < limits::kMaxBodyBytes) {
    return invalid("less than one request of the largest size could be in flight");
  }
  return {};
}

}  // namespace kipu::broker
