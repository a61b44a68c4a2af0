#include "client/machine_appends.h"

#include <algorithm>

#include "base/check.h"
#include "schema/codec.h"

namespace kipu::client {
namespace {

// By index, the refusal of each of `entries` entries or null; nothing if an index is out of range.
std::optional<std::vector<const Error*>> by_index(const schema::AppendReply& reply,
                                                  std::size_t entries) {
  std::vector<const Error*> refusals(entries, nullptr);
  for (const schema::Refusal& refusal : reply.refusals) {
    if (refusal.index >= entries) return std::nullopt;
    refusals[refusal.index] = &refusal.error;
  }
  return refusals;
}

}  // namespace

void Appends::start(Now now, Handle handle, Effects& effects) {
  route(now, handle, effects);
}

void Appends::finish(Handle handle, Result<Reply> reply, Effects& effects) {
  Pending& call = *core_.calls.find(handle);
  if (call.append.place == Place::queued) batcher_.remove(call);
  if (call.append.place == Place::parked) parked_.erase(call.sequence);
  if (call.append.place == Place::batched) {
    Batch& batch = batches_.at(call.append.batch);
    KIPU_CHECK(batch.live > 0);
    if (--batch.live == 0) close(batch);
  }
  core_.calls.complete(handle, std::move(reply), effects);
}

// Sending ------------------------------------------------------------------------------------

void Appends::pump(Now now, Effects& effects) {
  forget_strays(now.instant);
  if (!core_.session.ready()) return;
  for (const std::uint64_t id : std::exchange(unsent_, {})) send_again(now, id, effects);
  while (auto group = batcher_.take(now.instant)) send_new(now, std::move(*group), effects);
}

void Appends::send_new(Now now, Batcher::Group group, Effects& effects) {
  Batch batch;
  batch.id = ++last_id_;
  batch.worker = group.worker;
  batch.request.level = group.level;
  batch.request.map = core_.session.map()->version;
  batch.timeout = core_.config.attempt_timeout;
  batch.live = group.entries.size();
  batch.request.entries.reserve(group.entries.size());
  for (const Handle handle : group.entries) {
    Pending& call = *core_.calls.find(handle);
    call.append.place = Place::batched;
    call.append.batch = batch.id;
    batch.deadline = std::max(batch.deadline, call.deadline);
    batch.timeout = std::max(batch.timeout, call.append.timeout);
    batch.request.entries.push_back(std::move(call.append.entry));
    batch.request.tell_present = batch.request.tell_present || call.append.tell_present;
  }
  batch.order = std::make_shared<const Order>(std::move(group.entries));
  if (group.level == Level::none) return send_unanswered(now, batch, effects);
  const auto placed = batches_.emplace(batch.id, std::move(batch)).first;
  send(now, placed->second, effects);
}

// Level `none`: complete once it is on its way.
void Appends::send_unanswered(Now now, const Batch& batch, Effects& effects) {
  schema::Envelope envelope = envelope_for(now, batch);
  envelope.request_id = core_.ids.next();
  envelope.expects_reply = false;
  effects.to_brokers.push_back(
      {core_.session.broker(), schema::make_message(envelope, batch.request)});
  for (const Handle handle : *batch.order) {
    Pending& call = *core_.calls.find(handle);
    call.append.place = Place::nowhere;
    const Stamp stamp = call.append.stamp;
    core_.calls.complete(handle, Reply(Appended{stamp, 0}), effects);
  }
}

void Appends::send(Now now, Batch& batch, Effects& effects) {
  const std::uint64_t request_id = core_.ids.next();
  for (const Handle handle : *batch.order) {
    Pending& call = *core_.calls.find(handle);
    ++call.attempts;
    ++call.open;
  }
  attempts_.emplace(request_id, Attempt{batch.order, batch.id});
  batch.attempts.push_back(request_id);
  KIPU_CHECK(batch.current == 0);
  batch.current = request_id;
  ++in_flight_;
  schema::Envelope envelope = envelope_for(now, batch);
  envelope.request_id = request_id;
  effects.to_brokers.push_back(
      {core_.session.broker(), schema::make_message(envelope, batch.request)});
  batch_timers_.set(batch.id, now.instant + envelope.remaining);
}

schema::Envelope Appends::envelope_for(Now now, const Batch& batch) const {
  schema::Envelope envelope;
  envelope.kind = schema::MessageKind::append;
  envelope.destination = batch.worker;
  const Instant until = std::min(now.instant + batch.timeout, batch.deadline);
  envelope.remaining = std::max(until - now.instant, Duration::zero());
  return envelope;
}

// Sends a batch anew, unless its entries now belong to other workers.
void Appends::send_again(Now now, std::uint64_t id, Effects& effects) {
  const auto found = batches_.find(id);
  if (found == batches_.end()) return;
  Batch& batch = found->second;
  if (goes_elsewhere(now, batch)) {
    const std::vector<Handle> entries = take_apart(batch);
    close(batch);
    return route_all(now, entries, effects);
  }
  strip(batch);
  send(now, batch, effects);
}

// Leaves out entries that have completed. The attempts before keep the order that they were sent
// in.
void Appends::strip(Batch& batch) {
  const Order& before = *batch.order;
  if (batch.live == before.size()) return;
  batch.deadline = Instant();
  auto after = std::make_shared<Order>();
  std::vector<Entry> entries;
  after->reserve(batch.live);
  entries.reserve(batch.live);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Pending* call = core_.calls.find(before[i]);
    if (call == nullptr) continue;
    batch.deadline = std::max(batch.deadline, call->deadline);
    after->push_back(before[i]);
    entries.push_back(std::move(batch.request.entries[i]));
  }
  KIPU_CHECK_OP(after->size(), ==, batch.live);
  batch.order = std::move(after);
  batch.request.entries = std::move(entries);
}

// Moves what has not completed back into its records.
std::vector<Handle> Appends::take_apart(Batch& batch) {
  std::vector<Handle> entries;
  for (std::size_t i = 0; i < batch.order->size(); ++i) {
    const Handle handle = (*batch.order)[i];
    Pending* call = core_.calls.find(handle);
    if (call == nullptr) continue;
    call->append.entry = std::move(batch.request.entries[i]);
    call->append.place = Place::nowhere;
    call->append.timeout = batch.timeout;
    entries.push_back(handle);
  }
  batch.live = 0;
  return entries;
}

void Appends::stop_waiting(Batch& batch) {
  if (batch.current == 0) return;
  batch.current = 0;
  --in_flight_;
}

// Ends a batch. Answers to its attempts are still taken while entries of it are under way.
void Appends::close(Batch& batch) {
  stop_waiting(batch);
  batch_timers_.clear(batch.id);
  const bool has_rest = std::any_of(batch.order->begin(), batch.order->end(), [&](Handle handle) {
    const Pending* call = core_.calls.find(handle);
    return call != nullptr && call->append.place != Place::batched;
  });
  for (const std::uint64_t request_id : batch.attempts) {
    if (has_rest) {
      strays_.emplace(batch.deadline, request_id);
    } else {
      attempts_.erase(request_id);
    }
  }
  batcher_.finished(batch.worker);
  batches_.erase(batches_.find(batch.id));
}

void Appends::forget_strays(Instant now) {
  if (core_.calls.empty() && !strays_.empty()) now = Instant::never();
  while (!strays_.empty() && strays_.begin()->first <= now) {
    attempts_.erase(strays_.begin()->second);
    strays_.erase(strays_.begin());
  }
}

// Answers ------------------------------------------------------------------------------------

std::optional<Appends::Attempt> Appends::take_attempt(std::uint64_t request_id) {
  auto node = attempts_.extract(request_id);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

// The batch whose current attempt this is, which is now no longer waited for; null for a late one.
Appends::Batch* Appends::batch_waiting_for(const Attempt& attempt, std::uint64_t request_id) {
  const auto found = batches_.find(attempt.batch);
  if (found == batches_.end()) return nullptr;
  Batch& batch = found->second;
  std::erase(batch.attempts, request_id);
  if (batch.current != request_id) return nullptr;
  stop_waiting(batch);
  batch_timers_.clear(batch.id);
  return &batch;
}

void Appends::on_reply(Now now, const schema::Message& message, Effects& effects) {
  const std::uint64_t request_id = message.envelope.request_id;
  const auto reply = schema::decode<schema::AppendReply>(message.body.view());
  const auto found = attempts_.find(request_id);
  if (found == attempts_.end()) return;
  const auto refusals = reply ? by_index(*reply, found->second.order->size()) : std::nullopt;
  if (!refusals) {
    return on_error(now, request_id,
                    {ErrorCode::outcome_unknown, "the worker's answer could not be read"}, effects);
  }
  const Attempt attempt = *take_attempt(request_id);
  Batch* batch = batch_waiting_for(attempt, request_id);
  if (batch != nullptr) {
    // Its entries are settled one by one; none of them may end the batch under our hands.
    ++batch->live;
  }
  acknowledge(*attempt.order, *reply, *refusals, effects);
  if (batch == nullptr) return;
  --batch->live;
  settle_current(now, *batch, *refusals, effects);
}

// Whether an answer says that an entry was there before this client sent it. Of one that is there
// nobody knows where another attempt of its own may have stored it.
std::optional<bool> Appends::was_there(const Pending& call, const schema::AppendReply& reply,
                                       std::size_t index) {
  if (!reply.present || !call.append.tell_present) return std::nullopt;
  if (!std::ranges::binary_search(*reply.present, static_cast<std::uint32_t>(index))) return false;
  const bool only_this_may_be_done = call.open == 1 && !call.unknown;
  return only_this_may_be_done ? std::optional(true) : std::nullopt;
}

// Completes what an answer does not refuse, and closes the attempt for what it does.
void Appends::acknowledge(const Order& order, const schema::AppendReply& reply,
                          const std::vector<const Error*>& refusals, Effects& effects) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    Pending* call = core_.calls.find(order[i]);
    if (call == nullptr) continue;
    if (refusals[i] == nullptr) {
      const Appended done{call->append.stamp, reply.holders, was_there(*call, reply, i)};
      finish(order[i], Reply(done), effects);
      continue;
    }
    note(*call, *refusals[i]);
  }
}

// The answer to a batch's current attempt has come: what it refuses ends, or goes on by itself.
void Appends::settle_current(Now now, Batch& batch, const std::vector<const Error*>& refusals,
                             Effects& effects) {
  const std::uint32_t failures = batch.failures + 1;
  const WorkerId worker = batch.worker;
  bool is_accused = false;
  std::vector<Handle> again;
  std::vector<Handle> after_map;
  std::vector<std::pair<Handle, const Error*>> ended;
  const std::shared_ptr<const Order> order = batch.order;
  for (std::size_t i = 0; i < order->size(); ++i) {
    const Handle handle = (*order)[i];
    if (refusals[i] == nullptr) continue;
    is_accused = is_accused || accuses(refusals[i]->code);
    if (core_.calls.find(handle) == nullptr) continue;
    switch (treat(*refusals[i])) {
      case Treatment::give_up:
        ended.emplace_back(handle, refusals[i]);
        break;
      case Treatment::try_again:
        again.push_back(handle);
        break;
      case Treatment::fetch_map:
        after_map.push_back(handle);
        break;
    }
  }
  take_apart(batch);
  close(batch);
  if (is_accused) suspect(now, worker, effects);
  for (const auto& [handle, error] : ended) {
    Pending& call = *core_.calls.find(handle);
    finish(handle, fail(concluded(call, *error)), effects);
  }
  rest(now, std::move(again), failures, 0);
  if (!after_map.empty()) rest(now, std::move(after_map), failures, core_.session.want_map());
}

void Appends::on_error(Now now, std::uint64_t request_id, const Error& error, Effects& effects) {
  const auto attempt = take_attempt(request_id);
  if (!attempt) return;
  note(*attempt->order, error);
  Batch* batch = batch_waiting_for(*attempt, request_id);
  if (batch == nullptr) return;
  const bool was_late =
      error.code == ErrorCode::outcome_unknown || error.code == ErrorCode::deadline_exceeded;
  if (was_late) batch->timeout = longer(batch->timeout);
  if (accuses(error.code)) suspect(now, batch->worker, effects);
  retry_or_end(now, *batch, error, effects);
}

void Appends::on_undeliverable(Now now, std::uint64_t request_id, const Error& error,
                               Effects& effects) {
  const auto attempt = attempts_.find(request_id);
  if (attempt == attempts_.end()) return;
  for (const Handle handle : *attempt->second.order) {
    if (Pending* call = core_.calls.find(handle)) --call->attempts;
  }
  on_error(now, request_id, error, effects);
}

// An error is the answer to a whole attempt.
void Appends::note(const Order& order, const Error& error) {
  for (const Handle handle : order) {
    Pending* call = core_.calls.find(handle);
    if (call != nullptr) note(*call, error);
  }
}

// Closes an attempt for one entry.
void Appends::note(Pending& call, const Error& error) {
  KIPU_CHECK(call.open > 0);
  --call.open;
  if (remedy(error.code) == Remedy::ask_again) call.unknown = error.message;
  if (treat(error) != Treatment::give_up) call.refusal = error;
}

void Appends::retry_or_end(Now now, Batch& batch, const Error& error, Effects& effects) {
  ++batch.failures;
  const Treatment treatment = treat(error);
  const bool stays = treatment == Treatment::try_again && !goes_elsewhere(now, batch);
  if (stays) {
    const Duration pause = backoff(core_.config, core_.rng, batch.failures);
    batch_timers_.set(batch.id, now.instant + pause);
    return;
  }
  const std::uint32_t failures = batch.failures;
  std::vector<Handle> entries = take_apart(batch);
  close(batch);
  if (treatment == Treatment::try_again) return rest(now, std::move(entries), failures, 0);
  if (treatment == Treatment::fetch_map) {
    return rest(now, std::move(entries), failures, core_.session.want_map());
  }
  for (const Handle handle : entries) {
    Pending& call = *core_.calls.find(handle);
    finish(handle, fail(concluded(call, error)), effects);
  }
}

// Time ---------------------------------------------------------------------------------------

void Appends::rest(Now now, std::vector<Handle> entries, std::uint32_t failures,
                   std::uint64_t map_ticket) {
  if (entries.empty()) return;
  for (const Handle handle : entries) {
    Pending& call = *core_.calls.find(handle);
    call.append.place = Place::resting;
    failures = std::max(failures, call.attempts);
  }
  const std::uint64_t id = ++last_id_;
  resting_.emplace(id, Resting{std::move(entries), map_ticket});
  resting_timers_.set(id, now.instant + backoff(core_.config, core_.rng, failures));
}

void Appends::wake(Now now, std::uint64_t id, Effects& effects) {
  auto node = resting_.extract(id);
  KIPU_CHECK(!node.empty());
  const Resting& group = node.mapped();
  const bool has_map = core_.session.fetched(group.map_ticket);
  for (const Handle handle : group.entries) {
    if (core_.calls.find(handle) == nullptr) continue;
    if (has_map) {
      route(now, handle, effects);
    } else {
      park(handle, group.map_ticket);
    }
  }
}

void Appends::on_tick(Now now, Effects& effects) {
  while (const auto id = batch_timers_.pop_due(now.instant)) {
    Batch& batch = batches_.at(*id);
    if (batch.current != 0) {  // unanswered: it stays open, and may have been done
      stop_waiting(batch);
      batch.timeout = longer(batch.timeout);
      suspect(now, batch.worker, effects);
    }
    unsent_.push_back(*id);
  }
  while (const auto id = resting_timers_.pop_due(now.instant)) wake(now, *id, effects);
  if (core_.session.ready()) batcher_.on_tick(now.instant);
}

Instant Appends::next_tick() const {
  const Instant lanes = core_.session.ready() ? batcher_.next_tick() : Instant::never();
  return std::min({batch_timers_.next(), resting_timers_.next(), lanes});
}

}  // namespace kipu::client
