#include "client/machine_requests.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "client/machine_verify.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::client {
namespace {

using schema::MessageKind;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// The bucket that a read is of; null for other calls.
const std::string* bucket_of(const Call& call) {
  return std::visit(Overloaded{[](const PageCall& c) { return &c.query.bucket; },
                               [](const CountCall& c) { return &c.query.bucket; },
                               [](const KeysCall& c) { return &c.query.bucket; },
                               [](const ScanCall& c) { return &c.query.bucket; },
                               [](const auto&) -> const std::string* { return nullptr; }},
                    call);
}

const std::string* key_of(const Call& call) {
  if (const auto* page = std::get_if<PageCall>(&call)) return &page->query.key;
  if (const auto* count = std::get_if<CountCall>(&call)) return &count->query.key;
  return nullptr;
}

// Ping and status are for any broker, in any state.
bool needs_ready_broker(const Call& call) {
  return !std::holds_alternative<PingCall>(call) && !std::holds_alternative<StatusCall>(call);
}

bool is_write(const Call& call) {
  return std::holds_alternative<BucketCreateCall>(call);
}

std::uint32_t partitions_of(const schema::ClusterMap& map) {
  return static_cast<std::uint32_t>(map.placement.size());
}

template <class Body>
schema::Message message_to(schema::Destination destination, MessageKind kind, const Body& body) {
  schema::Envelope envelope;
  envelope.kind = kind;
  envelope.destination = destination;
  return schema::make_message(envelope, body);
}

schema::Message to_broker(MessageKind kind) {
  schema::Message message;
  message.envelope.kind = kind;
  message.envelope.destination = schema::ToBroker{};
  return message;
}

// Decodes `message` as a T, lets `check` look at it, and makes it the reply.
template <class T, class Check>
Result<Reply> read_as(const schema::Message& message, MessageKind kind, Check check) {
  if (message.envelope.kind != kind) {
    return fail(ErrorCode::malformed,
                fmt::format("the answer is a message of kind {} where {} was due",
                            static_cast<int>(message.envelope.kind), static_cast<int>(kind)));
  }
  Result<T> body = schema::decode<T>(message.body.view());
  if (!body) return fail(std::move(body.error()));
  if (Status right = check(*body); !right) return fail(std::move(right.error()));
  return Reply(std::move(*body));
}

}  // namespace

Status check(const Call& call) {
  if (const auto* create = std::get_if<BucketCreateCall>(&call)) {
    return cluster::validate(create->bucket);
  }
  if (const std::string* bucket = bucket_of(call); bucket != nullptr && !is_bucket_name(*bucket)) {
    return fail(ErrorCode::invalid_argument,
                "a bucket name has 1 to 64 characters of A-Z a-z 0-9 . _ -");
  }
  const std::string* key = key_of(call);
  if (key != nullptr && key->empty()) {
    return fail(ErrorCode::empty_key, "a key has at least one byte");
  }
  if (key != nullptr && key->size() > limits::kMaxKeyBytes) {
    return fail(ErrorCode::too_large, fmt::format("a key has at most {} bytes, and this one has {}",
                                                  limits::kMaxKeyBytes, key->size()));
  }
  return {};
}

void Requests::start(Now now, Handle handle, Effects& effects) {
  RequestState& request = *core_.calls.find(handle)->request;
  request.timeout = core_.config.attempt_timeout;
  if (std::holds_alternative<MapCall>(request.call)) {
    return park(handle, core_.session.want_map());
  }
  go(now, handle, effects);
}

void Requests::finish(Handle handle, Result<Reply> reply, Effects& effects) {
  Pending& call = *core_.calls.find(handle);
  stop_waiting(*call.request);
  timers_.clear(handle);
  parked_.erase(call.sequence);
  for (const std::uint64_t id : call.request->attempts) attempts_.erase(id);
  core_.calls.complete(handle, std::move(reply), effects);
}

void Requests::stop_waiting(RequestState& request) {
  if (request.current == 0) return;
  request.current = 0;
  --in_flight_;
}

void Requests::park(Handle handle, std::uint64_t map_ticket) {
  Pending& call = *core_.calls.find(handle);
  call.request->map_ticket = map_ticket;
  parked_.emplace(call.sequence, handle);
}

// Sends the call, or parks it until it can be sent.
void Requests::go(Now now, Handle handle, Effects& effects) {
  Pending& call = *core_.calls.find(handle);
  KIPU_CHECK(call.request->current == 0);
  if (needs_ready_broker(call.request->call)) {
    if (!core_.session.ready()) return park(handle, 0);
    if (!passes_bucket(handle, call, effects)) return;
    if (!passes_worker(handle, call, effects)) return;
  }
  call.request->asked.reset();
  auto message = build(now, handle, call, effects);
  if (!message) return;
  const Instant until = std::min(now.instant + call.request->timeout, call.deadline);
  const std::uint64_t request_id = core_.ids.next();
  message->envelope.request_id = request_id;
  message->envelope.remaining = std::max(until - now.instant, Duration::zero());
  effects.to_brokers.push_back({broker_for(call), std::move(*message)});
  attempts_.emplace(request_id, Attempt{handle, now.instant});
  call.request->attempts.push_back(request_id);
  call.request->current = request_id;
  ++call.attempts;
  ++call.open;
  ++in_flight_;
  timers_.set(handle, until);
}

// What any broker answers goes to each in turn while none is ready: one that is not has answered
// the hello, too, and was left for the next, which may be dead.
std::size_t Requests::broker_for(const Pending& call) const {
  const bool is_for_any = !needs_ready_broker(call.request->call) && !core_.session.ready();
  return is_for_any ? call.attempts % core_.config.brokers : core_.session.broker();
}

// False if the call has been completed, or waits for a map that may have its bucket.
bool Requests::passes_bucket(Handle handle, Pending& call, Effects& effects) {
  const std::string* bucket = bucket_of(call.request->call);
  if (bucket == nullptr || cluster::find_bucket(*core_.session.map(), *bucket) != nullptr) {
    return true;
  }
  if (!call.request->map_asked) {
    call.request->map_asked = true;
    park(handle, core_.session.want_map());
    return false;
  }
  std::string text = fmt::format("there is no bucket {}; create it first", *bucket);
  finish(handle, fail(ErrorCode::unknown_bucket, std::move(text)), effects);
  return false;
}

// The same for a read from one worker: that must be a replica of the key's partition.
bool Requests::passes_worker(Handle handle, Pending& call, Effects& effects) {
  const auto* page = std::get_if<PageCall>(&call.request->call);
  if (page == nullptr || !page->from) return true;
  const schema::ClusterMap& map = *core_.session.map();
  const PartitionId partition =
      cluster::partition_of(page->query.bucket, page->query.key, partitions_of(map));
  if (cluster::is_replica(map, partition, *page->from)) return true;
  if (!call.request->map_asked) {
    call.request->map_asked = true;
    park(handle, core_.session.want_map());
    return false;
  }
  std::string replicas;
  for (const WorkerId worker : map.placement[partition.number]) {
    replicas += (replicas.empty() ? "" : ", ") + worker.to_string();
  }
  std::string text = fmt::format("{} is no replica of the key's partition: ask one of {}",
                                 page->from->to_string(), replicas);
  finish(handle, fail(ErrorCode::invalid_argument, std::move(text)), effects);
  return false;
}

// Messages -----------------------------------------------------------------------------------

// Nothing if the call has been completed instead.
std::optional<schema::Message> Requests::build(Now now, Handle handle, Pending& call,
                                               Effects& effects) {
  using Built = std::optional<schema::Message>;
  return std::visit(Overloaded{[&](PageCall& c) { return build(call, c); },
                               [&](CountCall& c) { return build(call, c.query); },
                               [&](KeysCall& c) { return build(now, handle, call, c, effects); },
                               [&](ScanCall& c) { return build(handle, call, c.query, effects); },
                               [&](BucketCreateCall& c) -> Built {
                                 return message_to(schema::ToBroker{}, MessageKind::bucket_create,
                                                   schema::BucketCreate{c.bucket});
                               },
                               [&](PingCall&) -> Built { return to_broker(MessageKind::ping); },
                               [&](StatusCall&) -> Built { return to_broker(MessageKind::status); },
                               [&](auto&) -> Built { return std::nullopt; }},
                    call.request->call);
}

// First the broker picks the replica. It cannot know all that speaks against one, such as which
// partitions that one is not whole for: where an attempt came to nothing, each is asked in turn.
schema::Destination Requests::destination_of(PartitionId partition, const Pending& pending) const {
  const schema::Replicas& replicas = core_.session.map()->placement[partition.number];
  const std::size_t turn = pending.attempts % (replicas.size() + 1);
  if (turn == 0 || replicas.size() == 1) return partition;
  return replicas[turn % replicas.size()];
}

std::optional<schema::Message> Requests::build(const Pending& pending, PageCall& call) const {
  PageQuery& query = call.query;
  query.partition =
      cluster::partition_of(query.bucket, query.key, partitions_of(*core_.session.map()));
  query.as_it_stands = call.from.has_value();
  if (call.from) return message_to(*call.from, MessageKind::page, query);
  return message_to(destination_of(query.partition, pending), MessageKind::page, query);
}

std::optional<schema::Message> Requests::build(const Pending& pending, CountQuery& query) const {
  query.partition =
      cluster::partition_of(query.bucket, query.key, partitions_of(*core_.session.map()));
  return message_to(destination_of(query.partition, pending), MessageKind::count, query);
}

std::optional<schema::Message> Requests::build(Now now, Handle handle, Pending& pending,
                                               KeysCall& call, Effects& effects) {
  call.query.partitions = call.partitions;
  if (call.partitions.empty()) {
    call.query.partitions = cluster::coordinated_by(*core_.session.map(), call.worker);
  }
  if (call.query.partitions.empty()) {
    finish(handle, Reply(KeysPage{}), effects);
    return std::nullopt;
  }
  const WorkerId worker = worker_for(now, call.query.partitions);
  pending.request->asked = worker;
  return message_to(worker, MessageKind::keys, call.query);
}

// Of the workers that are replicas of all the partitions, the first that is not suspect.
// REQUIRES: there are partitions, and the map has them.
WorkerId Requests::worker_for(Now now, const std::vector<PartitionId>& partitions) const {
  const schema::ClusterMap& map = *core_.session.map();
  const schema::Replicas& first = map.placement[partitions.front().number];
  schema::Replicas common;
  std::copy_if(first.begin(), first.end(), std::back_inserter(common), [&](WorkerId worker) {
    return std::all_of(partitions.begin(), partitions.end(), [&](PartitionId partition) {
      return cluster::is_replica(map, partition, worker);
    });
  });
  if (common.empty()) return first.front();  // a newer map has parted them: the worker says so
  return core_.suspects.choose(common, now.instant);
}

void Requests::suspect(Now now, const RequestState& request) {
  if (request.asked) core_.suspects.raise(*request.asked, now.instant);
}

std::optional<schema::Message> Requests::build(Handle handle, const Pending& pending,
                                               ScanQuery& query, Effects& effects) {
  const std::uint32_t partitions = partitions_of(*core_.session.map());
  if (query.partition.number >= partitions) {
    finish(handle,
           fail(ErrorCode::invalid_argument,
                fmt::format("there is no partition {}: the cluster has {}", query.partition.number,
                            partitions)),
           effects);
    return std::nullopt;
  }
  return message_to(destination_of(query.partition, pending), MessageKind::scan, query);
}

Result<Reply> Requests::read(Now now, const Pending& call, const Attempt& attempt,
                             const schema::Message& message) const {
  const auto fits = [](const auto& query) {
    return [&query](const auto& body) { return verify(query, body); };
  };
  const auto anything = [](const auto&) { return Status(); };
  return std::visit(
      Overloaded{[&](const PageCall& c) {
                   return read_as<Page>(message, MessageKind::page_reply, fits(c.query));
                 },
                 [&](const CountCall& c) {
                   return read_as<Count>(message, MessageKind::count_reply, fits(c.query));
                 },
                 [&](const KeysCall& c) {
                   return read_as<KeysPage>(message, MessageKind::keys_reply, fits(c.query));
                 },
                 [&](const ScanCall& c) {
                   const std::uint32_t partitions = partitions_of(*core_.session.map());
                   return read_as<Page>(message, MessageKind::page_reply, [&](const Page& page) {
                     return verify(c.query, page, partitions);
                   });
                 },
                 [&](const StatusCall&) {
                   return read_as<ClusterStatus>(message, MessageKind::status_reply, anything);
                 },
                 [&](const PingCall&) -> Result<Reply> {
                   if (message.envelope.kind == MessageKind::pong) {
                     return Reply(Pong{now.instant - attempt.sent});
                   }
                   return fail(ErrorCode::malformed, "a ping was not answered with a pong");
                 },
                 [&](const auto&) -> Result<Reply> {
                   return fail(ErrorCode::malformed,
                               "the broker's answer is not one to this request");
                 }},
      call.request->call);
}

// Answers ------------------------------------------------------------------------------------

void Requests::on_reply(Now now, const schema::Message& message, Effects& effects) {
  const auto found = attempts_.find(message.envelope.request_id);
  if (found == attempts_.end()) return;
  const Attempt attempt = found->second;
  finish(attempt.handle, read(now, *core_.calls.find(attempt.handle), attempt, message), effects);
}

void Requests::on_map_reply(std::uint64_t request_id, Effects& effects) {
  const auto found = attempts_.find(request_id);
  if (found == attempts_.end()) return;
  const Handle handle = found->second.handle;
  const bool fits =
      std::holds_alternative<BucketCreateCall>(core_.calls.find(handle)->request->call);
  if (fits) return finish(handle, Reply(core_.session.map()), effects);
  finish(handle, fail(ErrorCode::malformed, "the broker answered with a map that was not due"),
         effects);
}

void Requests::on_error(Now now, std::uint64_t request_id, const Error& error, Effects& effects) {
  const auto found = attempts_.find(request_id);
  if (found == attempts_.end()) return;
  const auto [handle, sent] = found->second;
  attempts_.erase(found);
  Pending& call = *core_.calls.find(handle);
  RequestState& request = *call.request;
  std::erase(request.attempts, request_id);
  --call.open;
  if (remedy(error.code) == Remedy::ask_again) call.unknown = error.message;
  const bool is_late = request.current != request_id;
  const Treatment treatment = treat(error);
  if (treatment != Treatment::give_up) call.refusal = error;
  if (is_late) return;
  stop_waiting(request);
  if (accuses(error.code)) suspect(now, request);
  if (treatment == Treatment::give_up) {
    const Error how = is_write(request.call) ? concluded(call, error) : error;
    return finish(handle, fail(how), effects);
  }
  // Also where it says `unavailable` at last: not all replicas had answered.
  const bool was_slow = now.instant - sent >= request.timeout / 2;
  if (was_slow) request.timeout = longer(request.timeout);
  if (treatment == Treatment::fetch_map) request.map_ticket = core_.session.want_map();
  const Duration pause = backoff(core_.config, core_.rng, ++request.failures);
  timers_.set(handle, now.instant + pause);
}

void Requests::on_undeliverable(Now now, std::uint64_t request_id, const Error& error,
                                Effects& effects) {
  const auto found = attempts_.find(request_id);
  if (found == attempts_.end()) return;
  --core_.calls.find(found->second.handle)->attempts;
  on_error(now, request_id, error, effects);
}

// Maps and time ------------------------------------------------------------------------------

void Requests::on_map(Now now, Effects& effects) {
  std::vector<Handle> ready;
  std::erase_if(parked_, [&](const auto& item) {
    const Pending* call = core_.calls.find(item.second);
    const bool waits = !core_.session.fetched(call->request->map_ticket);
    if (!waits) ready.push_back(item.second);
    return !waits;
  });
  for (const Handle handle : ready) {
    const Call& call = core_.calls.find(handle)->request->call;
    if (std::holds_alternative<MapCall>(call)) {
      finish(handle, Reply(core_.session.map()), effects);
    } else {
      go(now, handle, effects);
    }
  }
}

void Requests::on_tick(Now now, Effects& effects) {
  while (const auto handle = timers_.pop_due(now.instant)) {
    RequestState& request = *core_.calls.find(*handle)->request;
    if (request.current != 0) {
      stop_waiting(request);
      request.timeout = longer(request.timeout);
      suspect(now, request);
    }
    if (core_.session.fetched(request.map_ticket)) {
      go(now, *handle, effects);
    } else {
      park(*handle, request.map_ticket);
    }
  }
}

}  // namespace kipu::client
