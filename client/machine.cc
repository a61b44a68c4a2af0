#include "client/machine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/entry.h"
#include "base/limits.h"
#include "base/stamp.h"
#include "client/machine_appends.h"
#include "client/machine_core.h"
#include "client/machine_requests.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::client {

using schema::MessageKind;

namespace {
// However much clocks differ, no worker takes a stamp that lies so far ahead: to ask for it again
// and again until the deadline would be in vain.
constexpr auto kFarAhead = std::chrono::hours(24);
}  // namespace

struct Machine::State {
  State(Config config, Rng rng, Now now)
      : core(std::move(config), rng, now),
        clock(core.rng.next(), limits::kMaxClockSkew),
        appends(core),
        requests(core) {
    // Without these it would try again and again within one moment.
    KIPU_CHECK(core.config.brokers > 0);
    KIPU_CHECK(core.config.attempt_timeout > Duration::zero());
    KIPU_CHECK(core.config.least_backoff > Duration(1));
    KIPU_CHECK(core.config.least_backoff <= core.config.most_backoff);
  }

  void start_append(Now now, Handle handle, AppendCall call, Effects& effects);
  void start_request(Now now, Handle handle, Call call, Effects& effects);
  void finish(Handle handle, Result<Reply> reply, Effects& effects);
  void finish(Handle handle, const Error& error, Effects& effects);
  void fail_all(const Error& error, Effects& effects);
  bool is_write(const Pending& call) const;

  void on_map(Now now, std::size_t broker, const schema::Message& message, Effects& effects);
  void on_error(Now now, const schema::Message& message, Effects& effects);
  void on_refused(Now now, std::uint64_t request_id, const Error& error, Effects& effects);
  void on_reply(Now now, const schema::Message& message, Effects& effects);
  void observe(Now now, const Effects& effects, std::size_t from);
  void expire(Now now, Effects& effects);
  // Ends each event.
  void settle(Now now, Effects& effects);

  Core core;
  HybridClock clock;
  Appends appends;
  Requests requests;
};

// Calls --------------------------------------------------------------------------------------

void Machine::State::start_append(Now now, Handle handle, AppendCall call, Effects& effects) {
  Pending& pending = *core.calls.find(handle);
  if (call.stamp) clock.chosen(now.wall, call.stamp->time);
  AppendState& append = pending.append;
  append.stamp = call.stamp ? *call.stamp : clock.next(now.wall);
  append.level = call.level;
  append.tell_present = call.tell_present;
  append.entry = make_entry(std::move(call.bucket), std::move(call.key), append.stamp, call.kind,
                            std::move(call.values));
  if (const Status valid = validate(append.entry); !valid) {
    return finish(handle, fail(valid.error()), effects);
  }
  if (pending.deadline <= now.instant) {
    return finish(handle, expired(pending, core.session, true), effects);
  }
  const bool comes_in_time = now.instant + kFarAhead < pending.deadline ||
                             append.stamp.time <= StampTime::at(now.wall + kFarAhead);
  if (!comes_in_time) {
    return finish(
        handle,
        {ErrorCode::clock_skew,
         "the stamp lies more than a day ahead of this machine's clock, and no worker would "
         "take it before the deadline: correct the stamp or the clock"},
        effects);
  }
  appends.start(now, handle, effects);
}

void Machine::State::start_request(Now now, Handle handle, Call call, Effects& effects) {
  Pending& pending = *core.calls.find(handle);
  pending.request = std::make_unique<RequestState>();
  pending.request->call = std::move(call);
  if (const Status valid = check(pending.request->call); !valid) {
    return finish(handle, fail(valid.error()), effects);
  }
  if (pending.deadline <= now.instant) {
    return finish(handle, expired(pending, core.session, is_write(pending)), effects);
  }
  requests.start(now, handle, effects);
}

void Machine::State::finish(Handle handle, Result<Reply> reply, Effects& effects) {
  const bool is_append = core.calls.find(handle)->request == nullptr;
  if (is_append) return appends.finish(handle, std::move(reply), effects);
  requests.finish(handle, std::move(reply), effects);
}

void Machine::State::finish(Handle handle, const Error& error, Effects& effects) {
  finish(handle, Result<Reply>(fail(error)), effects);
}

bool Machine::State::is_write(const Pending& call) const {
  return call.request == nullptr || std::holds_alternative<BucketCreateCall>(call.request->call);
}

// The cluster or its protocol is another one: no attempt will change that.
void Machine::State::fail_all(const Error& error, Effects& effects) {
  for (const Handle handle : core.calls.all()) {
    const Pending* call = core.calls.find(handle);
    if (call == nullptr) continue;
    finish(handle, is_write(*call) ? concluded(*call, error) : error, effects);
  }
}

void Machine::State::expire(Now now, Effects& effects) {
  while (const auto due = core.calls.first_due(now.instant)) {
    const Pending& call = *core.calls.find(*due);
    finish(*due, expired(call, core.session, is_write(call)), effects);
  }
}

// Messages -----------------------------------------------------------------------------------

void Machine::State::on_map(Now now, std::size_t broker, const schema::Message& message,
                            Effects& effects) {
  const std::uint64_t request_id = message.envelope.request_id;
  if (!core.session.owns(request_id) && !requests.owns(request_id)) return;
  auto map = schema::decode<schema::ClusterMap>(message.body.view());
  if (!map) return on_refused(now, request_id, map.error(), effects);
  const MapReply before = core.session.map();
  if (const Status ours = core.session.accept(std::move(*map), effects); !ours) {
    return on_refused(now, request_id, ours.error(), effects);
  }
  core.session.on_greeted(broker, request_id, effects);
  requests.on_map_reply(request_id, effects);
  appends.on_map(now, core.session.map() != before, effects);
  if (core.session.ready()) requests.on_map(now, effects);
}

void Machine::State::on_error(Now now, const schema::Message& message, Effects& effects) {
  const auto reply = schema::decode<schema::ErrorReply>(message.body.view());
  const bool is_foreign = message.envelope.version != schema::kProtocolVersion;
  Error error{ErrorCode::malformed, "the answer could not be read"};
  if (is_foreign) {
    error = {ErrorCode::wrong_version,
             fmt::format("the peer speaks protocol {}, and this client {}",
                         message.envelope.version, schema::kProtocolVersion)};
  }
  if (reply) error = reply->error;
  on_refused(now, message.envelope.request_id, error, effects);
}

void Machine::State::on_refused(Now now, std::uint64_t request_id, const Error& error,
                                Effects& effects) {
  if (!core.session.owns(request_id)) {
    appends.on_error(now, request_id, error, effects);
    requests.on_error(now, request_id, error, effects);
    return;
  }
  const bool is_foreign =
      error.code == ErrorCode::wrong_cluster || error.code == ErrorCode::wrong_version;
  if (!is_foreign) return core.session.on_refused(now.instant, request_id, error, effects);
  effects.log.push_back({LogLevel::error, error.message});
  core.session.refuse_broker(now.instant);
  fail_all(error, effects);
}

void Machine::State::on_reply(Now now, const schema::Message& message, Effects& effects) {
  const std::uint64_t request_id = message.envelope.request_id;
  const std::size_t from = effects.completions.size();
  if (message.envelope.kind == MessageKind::append_reply) {
    appends.on_reply(now, message, effects);
  }
  if (appends.owns(request_id)) {  // another kind than was due
    const Error error{ErrorCode::outcome_unknown, "the answer is not one to an append"};
    appends.on_error(now, request_id, error, effects);
  }
  requests.on_reply(now, message, effects);
  observe(now, effects, from);
}

// A writer that has read an entry, or knows that an own one is stored, writes after it.
void Machine::State::observe(Now now, const Effects& effects, std::size_t from) {
  for (std::size_t i = from; i < effects.completions.size(); ++i) {
    const Result<Reply>& reply = effects.completions[i].reply;
    if (!reply) continue;
    const auto* appended = std::get_if<Appended>(&*reply);
    if (appended != nullptr && appended->holders > 0) clock.stored(appended->stamp.time);
    const auto* page = std::get_if<Page>(&*reply);
    if (page == nullptr) continue;
    for (const Entry& entry : page->entries) clock.observe(now.wall, entry.stamp.time);
  }
}

void Machine::State::settle(Now now, Effects& effects) {
  appends.pump(now, effects);
  const bool answers = appends.awaits_answers() || requests.awaits_answers();
  core.session.step(now.instant, !core.calls.empty(), answers, effects);
}

// The machine --------------------------------------------------------------------------------

Machine::Machine(Config config, Rng rng, Now now)
    : state_(std::make_unique<State>(std::move(config), rng, now)) {}
Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;

void Machine::start(Now now, CallId id, Call call, Instant deadline, Effects& effects) {
  const Handle handle = state_->core.calls.add(id, now.instant, deadline);
  if (auto* append = std::get_if<AppendCall>(&call)) {
    state_->start_append(now, handle, std::move(*append), effects);
  } else {
    state_->start_request(now, handle, std::move(call), effects);
  }
  state_->settle(now, effects);
}

void Machine::cancel(Now now, CallId id, Effects& effects) {
  const auto handle = state_->core.calls.find(id);
  if (!handle) return;
  const Pending& call = *state_->core.calls.find(*handle);
  state_->finish(*handle, cancelled(call, state_->is_write(call)), effects);
  state_->settle(now, effects);
}

void Machine::flush(Now now, Effects& effects) {
  state_->appends.flush();
  state_->settle(now, effects);
}

void Machine::on_message(Now now, std::size_t broker, schema::Message message, Effects& effects) {
  state_->core.session.heard(now.instant, broker);
  switch (message.envelope.kind) {
    case MessageKind::map:
      state_->on_map(now, broker, message, effects);
      break;
    case MessageKind::error:
      state_->on_error(now, message, effects);
      break;
    case MessageKind::append_reply:
    case MessageKind::page_reply:
    case MessageKind::count_reply:
    case MessageKind::keys_reply:
    case MessageKind::pong:
    case MessageKind::status_reply:
      state_->on_reply(now, message, effects);
      break;
    default:
      break;  // no answer: nothing that a client takes
  }
  state_->settle(now, effects);
}

void Machine::on_undeliverable(Now now, std::size_t broker, const schema::Envelope& envelope,
                               Effects& effects) {
  const Error error{ErrorCode::overloaded,
                    fmt::format("broker {} cannot be sent to: its queue is full", broker)};
  State& state = *state_;
  if (state.core.session.owns(envelope.request_id)) {
    state.core.session.on_refused(now.instant, envelope.request_id, error, effects);
  }
  state.appends.on_undeliverable(now, envelope.request_id, error, effects);
  state.requests.on_undeliverable(now, envelope.request_id, error, effects);
  if (!envelope.expects_reply) {
    effects.log.push_back({LogLevel::warning,
                           "entries of level none were not sent: the broker's "
                           "queue is full"});
  }
  state.settle(now, effects);
}

void Machine::on_tick(Now now, Effects& effects) {
  state_->expire(now, effects);
  state_->appends.on_tick(now, effects);
  state_->requests.on_tick(now, effects);
  state_->settle(now, effects);
}

Instant Machine::next_tick() const {
  const State& state = *state_;
  const bool has_calls = !state.core.calls.empty();
  const Instant session = state.core.session.next_tick(has_calls);
  if (!has_calls) return session;
  return std::min({session, state.core.calls.next_deadline(), state.appends.next_tick(),
                   state.requests.next_tick()});
}

}  // namespace kipu::client
