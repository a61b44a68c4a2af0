#include <utility>

#include <fmt/format.h>

#include "schema/codec.h"
#include "worker/checks.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::Message;
using schema::MessageKind;

// The body of a message of another worker; nothing, and a line in the log, if it is none.
template <class Body>
std::optional<Body> body_of(const Message& message, Effects& effects) {
  auto body = schema::decode<Body>(message.body.view());
  if (body) return std::move(*body);
  effects.log.push_back(
      {LogLevel::warning, "another worker sent what does not decode: " + body.error().message});
  return std::nullopt;
}

}  // namespace

void Machine::State::handle_peer(Now now, Message message, Effects& effects) {
  if (message.envelope.version != schema::kProtocolVersion) return drop(message, effects);
  if (maps.in_force() == nullptr) return;  // nobody is known yet
  switch (message.envelope.kind) {
    case MessageKind::standing:
      return on_standing(now, message, effects);
    case MessageKind::fetch:
      return on_fetch(now, message, effects);
    case MessageKind::fetched:
      return on_fetched(now, message, effects);
    case MessageKind::peer_read:
      return on_peer_read(now, message, effects);
    case MessageKind::peer_read_reply:
      return on_peer_read_reply(now, message, effects);
    case MessageKind::peer_merge:
      return on_peer_merge(now, message, effects);
    case MessageKind::peer_merged:
      return on_peer_merged(now, message, effects);
    case MessageKind::error:
      return on_peer_error(now, message, effects);
    default:
      return drop(message, effects);
  }
}

void Machine::State::handle_stream(Now now, Message message, Effects& effects) {
  if (message.envelope.version != schema::kProtocolVersion) return drop(message, effects);
  if (maps.in_force() == nullptr) return;
  switch (message.envelope.kind) {
    case MessageKind::bundle:
      return on_bundle(now, message, effects);
    case MessageKind::beacon:
      return on_beacon(now, message, effects);
    default:
      return drop(message, effects);
  }
}

void Machine::State::on_bundle(Now now, const Message& message, Effects& effects) {
  auto bundle = body_of<schema::Bundle>(message, effects);
  if (!bundle || bundle->to != store || peers.find(bundle->from) == nullptr) return;
  peers.heard_stream(bundle->from, now.instant);
  if (health.read_only) return;  // there is no room for it; it is fetched once there is
  const auto partitions = static_cast<std::uint32_t>(maps.in_force()->placement.size());
  follower.on_bundle(std::move(*bundle), partitions, effects.log);
  follow(now, effects);
}

void Machine::State::on_beacon(Now now, const Message& message, Effects& effects) {
  const auto beacon = body_of<schema::Beacon>(message, effects);
  if (!beacon || beacon->to != store || peers.find(beacon->from) == nullptr) return;
  peers.heard_stream(beacon->from, now.instant);
  if (!health.read_only) follower.on_beacon(*beacon);
  send_standing(now, beacon->from, 0, false, effects);
  follow(now, effects);
}

void Machine::State::on_standing(Now now, const Message& message, Effects& effects) {
  const auto standing = body_of<schema::Standing>(message, effects);
  if (!standing || peers.find(standing->from) == nullptr) return;
  const std::uint64_t request = message.envelope.request_id;
  peers.heard(standing->from, now.instant);
  const auto lost = origin.on_standing(*standing);
  if (lost) on_stream_event(now, *lost, effects);
  const auto missed = follower.on_acknowledged(standing->from, request, standing->acknowledged);
  if (missed) on_stream_event(now, *missed, effects);
  if (standing->answer) answer_comparison(now, standing->from, request, effects);
  if (!standing->holds) return;
  writes.held(standing->from, standing->cursor);
  settle(now, effects);
}

// Whoever was just opened may be an older copy of itself, whose cursors say nothing of what others
// have of it by walks and repairs. Asked for what follows the furthest that was heard of it, it
// finds whether it has been there.
void Machine::State::answer_comparison(Now now, StoreId to, std::uint64_t request,
                                       Effects& effects) {
  for (const Position& heard : follower.heard_past_cursor(to)) {
    tell(to, MessageKind::fetch, 0, schema::Fetch{store, heard, 1}, effects, kPeerPatience);
  }
  send_standing(now, to, request, false, effects);
}

void Machine::State::on_fetch(Now now, const Message& message, Effects& effects) {
  const auto fetch = body_of<schema::Fetch>(message, effects);
  const PeerBook::Peer* peer = fetch ? peers.find(fetch->from) : nullptr;
  if (peer == nullptr) return;
  peers.heard(fetch->from, now.instant);
  const auto lost = origin.on_fetch(fetch->from, fetch->after);
  if (lost) on_stream_event(now, *lost, effects);
  const std::uint64_t request = message.envelope.request_id;
  const Instant deadline =
      now.instant + std::min(message.envelope.remaining, limits::kLongestRemaining);
  if (request != 0 && reads.prolong(fetch->from, request, deadline)) return;
  if (reads.size() >= config.max_reads) return;  // it asks again
  // Once it is told that the log is trimmed there, it moves to where this store has been, and
  // nobody can tell any more that something was lost: so that is on the disk first.
  if (!origin.knows(fetch->after) && wholeness.unsaved()) return;
  reads.add(ForFetch{fetch->from, request}, deadline,
            FetchQuery{fetch->after, peer->shared, fetch->max_bytes});
  begin_reads(now, effects);
}

// What cannot be read here is as good as trimmed: else whoever missed it would wait for ever. It
// walks through the partitions instead, and gets whatever can be read.
void Machine::State::on_fetch_read(Now, const ForFetch& asked, Result<ReadResult> result,
                                   Effects& effects) {
  if (result) {
    return tell(asked.to, MessageKind::fetched, asked.request, std::get<Fetched>(*result), effects);
  }
  effects.log.push_back(
      {LogLevel::error,
       fmt::format("cannot say what store {} missed: {}: {}", asked.to.id.to_string(),
                   error_name(result.error().code), result.error().message)});
  if (!is_damage(result.error().code)) return;  // it asks again
  Fetched trimmed;
  trimmed.trimmed = true;
  trimmed.head = origin.head();
  tell(asked.to, MessageKind::fetched, asked.request, trimmed, effects);
}

void Machine::State::on_fetched(Now now, const Message& message, Effects& effects) {
  auto fetched = body_of<Fetched>(message, effects);
  if (!fetched) return;
  const auto partitions = static_cast<std::uint32_t>(maps.in_force()->placement.size());
  const auto event = follower.on_fetched(message.envelope.request_id, std::move(*fetched),
                                         partitions, effects.log);
  if (event) on_stream_event(now, *event, effects);
  follow(now, effects);
}

void Machine::State::follow(Now now, Effects& effects) {
  if (!health.read_only) {
    for (const Follower::Ask& ask : follower.fetches(now.instant)) {
      tell(ask.to, MessageKind::fetch, ask.request,
           schema::Fetch{store, ask.after, config.fetch_bytes}, effects, kPeerPatience);
    }
  }
  commit_if_idle(now, effects);
}

void Machine::State::send_standing(Now now, StoreId to, std::uint64_t request, bool answer,
                                   Effects& effects) {
  tell(to, MessageKind::standing, request,
       schema::Standing{store, follower.cursor(to), leased(now), origin.acknowledged(to), answer},
       effects);
}

void Machine::State::tick_peers(Now now, Effects& effects) {
  next_beacon = now.instant + config.beacon;
  for (const schema::Beacon& beacon : origin.beacons()) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::beacon;
    effects.to_stream.push_back({beacon.to, schema::make_message(envelope, beacon)});
  }
  // Whose stream is silent hears from this worker all the same: else two that have both lost their
  // subscriptions would take one another for dead, and never subscribe anew.
  for (const auto& [peer, known] : peers.all()) {
    if (known.shared.empty() || now.instant - known.heard_stream <= config.beacon * 2) continue;
    send_standing(now, peer, 0, false, effects);
  }
  for (const StoreId silent : peers.take_silent_streams(now.instant)) {
    effects.resubscribe.push_back(silent);
  }
  for (const Follower::Ask& compare : follower.comparisons()) {
    send_standing(now, compare.to, compare.request, true, effects);
  }
  if (!filled.empty()) take_up_filled(now, effects);
  follow(now, effects);
}

}  // namespace kipu::worker
