#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "schema/codec.h"
#include "worker/checks.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;

// Of Config::max_pending_bytes, what appends that wait for a newer map may take: a peer that claims
// a map which never comes must not keep the others out.
constexpr std::size_t kHeldShare = 4;
// And for how long: a map that comes at all comes within a heartbeat or two.
constexpr Duration kLongestHold = std::chrono::seconds(2);
// Requests that are durable here, and wait until enough others hold them.
constexpr std::size_t kMostWaitingWrites = 65'536;

bool is_request_of_clients(MessageKind kind) {
  switch (kind) {
    case MessageKind::client_hello:
    case MessageKind::bucket_create:
    case MessageKind::ping:
    case MessageKind::status:
    case MessageKind::append:
    case MessageKind::page:
    case MessageKind::count:
    case MessageKind::keys:
    case MessageKind::scan:
      return true;
    default:
      return false;
  }
}

Result<ReadQuery> decode_query(const Message& message) {
  const std::string_view body = message.body.view();
  const auto widen = [](auto query) -> Result<ReadQuery> {
    if (!query) return fail(std::move(query.error()));
    return ReadQuery(std::move(*query));
  };
  switch (message.envelope.kind) {
    case MessageKind::page:
      return widen(schema::decode<PageQuery>(body));
    case MessageKind::count:
      return widen(schema::decode<CountQuery>(body));
    case MessageKind::keys:
      return widen(schema::decode<KeysQuery>(body));
    default:
      return widen(schema::decode<ScanQuery>(body));
  }
}

Asker asker_of(Now now, const Envelope& envelope) {
  return {envelope.request_id, envelope.expects_reply,
          now.instant + std::min(envelope.remaining, limits::kLongestRemaining)};
}

}  // namespace

// What refuses any request of a client, before its body is looked at.
Status Machine::State::admission(const Envelope& envelope) const {
  if (draining) return fail(ErrorCode::unavailable, "this worker is shutting down");
  if (envelope.remaining <= Duration::zero()) {
    return fail(ErrorCode::deadline_exceeded, "the request had no time left when it arrived");
  }
  return {};
}

void Machine::State::on_append(Now now, const Message& message, Effects& effects) {
  const Asker asker = asker_of(now, message.envelope);
  if (auto ok = admission(message.envelope); !ok) {
    return refuse(now, asker, ok.error(), effects);
  }
  const std::size_t bytes = message.body.size();
  if (appends.bytes() > 0 && appends.bytes() + bytes > config.max_pending_bytes) {
    return refuse(now, asker, {ErrorCode::overloaded, "too much waits for this worker's disk"},
                  effects);
  }
  if (writes.size() >= kMostWaitingWrites) {
    return refuse(now, asker, {ErrorCode::overloaded, "too many writes wait for other replicas"},
                  effects);
  }
  if (health.read_only) {
    return refuse(now, asker, {ErrorCode::read_only, "this worker's disk is nearly full"}, effects);
  }
  auto request = schema::decode<schema::AppendRequest>(message.body.view());
  if (!request) return refuse(now, asker, std::move(request.error()), effects);
  if (request->map > maps.in_force_version()) {
    if (appends.held_bytes() + bytes > config.max_pending_bytes / kHeldShare) {
      return refuse(now, asker,
                    {ErrorCode::unavailable, "this worker waits for a newer cluster map"}, effects);
    }
    return appends.hold({asker, std::move(*request), bytes, now.instant + kLongestHold});
  }
  accept(now, asker, std::move(*request), bytes, effects);
  commit_if_idle(now, effects);
}

void Machine::State::on_query(Now now, const Message& message, Effects& effects) {
  const Asker asker = asker_of(now, message.envelope);
  if (auto ok = admission(message.envelope); !ok) {
    return refuse(now, asker, ok.error(), effects);
  }
  if (reads.size() + quorum_reads.size() >= config.max_reads) {
    return refuse(now, asker, {ErrorCode::overloaded, "too many reads wait here"}, effects);
  }
  auto query = decode_query(message);
  if (!query) return refuse(now, asker, std::move(query.error()), effects);
  const schema::ClusterMap* map = maps.in_force();
  if (map == nullptr) {
    return refuse(now, asker, {ErrorCode::unavailable, "no cluster map is in force here yet"},
                  effects);
  }
  auto checked = check_query(*map, maps.self(), std::move(*query));
  if (!checked) return refuse(now, asker, std::move(checked.error()), effects);
  begin_query(now, asker, std::move(*checked), effects);
}

void Machine::State::begin_reads(Now now, Effects& effects) {
  for (Read& read : reads.begin(now.instant, config.reads_at_once)) {
    effects.reads.push_back(std::move(read));
  }
}

void Machine::State::refuse(Now now, const Asker& asker, Error error, Effects& effects) const {
  reply(now, asker, MessageKind::error, schema::ErrorReply{std::move(error)}, effects);
}

void Machine::State::drop(const Message& message, Effects& effects) {
  effects.log.push_back({LogLevel::debug, fmt::format("dropped a message of kind {} and version {}",
                                                      static_cast<unsigned>(message.envelope.kind),
                                                      message.envelope.version)});
}

// A request that a worker does not know, or of another version, is answered all the same; any other
// message is dropped, since an answer to an answer would never end.
void Machine::State::on_unexpected(Now now, const Message& message, Effects& effects) {
  const Envelope& envelope = message.envelope;
  const bool request =
      is_request_of_clients(envelope.kind) || envelope.kind == MessageKind::map_store;
  if (!request) return drop(message, effects);
  Error error{ErrorCode::unsupported, "a worker does not answer this kind of request"};
  if (envelope.version != schema::kProtocolVersion) {
    error = {ErrorCode::wrong_version,
             fmt::format("this worker speaks version {} of the protocol, not {}",
                         schema::kProtocolVersion, envelope.version)};
  }
  refuse(now, asker_of(now, envelope), std::move(error), effects);
}

}  // namespace kipu::worker
