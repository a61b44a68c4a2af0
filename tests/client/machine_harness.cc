#include "tests/client/machine_harness.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace kipu::client {

using schema::MessageKind;

schema::ClusterMap map_of(std::uint32_t workers, std::uint64_t epoch,
                          const std::vector<Bucket>& others, std::uint32_t replicas) {
  std::vector<schema::Worker> members;
  for (std::uint32_t number = 1; number <= workers; ++number) {
    schema::Worker worker;
    worker.id = WorkerId{number};
    worker.store = StoreId{Uuid{7, number}};
    members.push_back(worker);
  }
  schema::ClusterMap map =
      cluster::first_map(kCluster, MapVersion{1, 1, 1}, std::move(members), replicas, 16);
  map.version.epoch = epoch;
  map.buckets.insert(map.buckets.end(), others.begin(), others.end());
  std::sort(map.buckets.begin(), map.buckets.end(),
            [](const Bucket& a, const Bucket& b) { return a.name < b.name; });
  return map;
}

schema::ClusterMap with_replicas(schema::ClusterMap map, const schema::Replicas& replicas) {
  for (schema::Replicas& each : map.placement) each = replicas;
  return map;
}

PageCall page_call(const std::string& key) {
  PageCall call;
  call.query.bucket = "default";
  call.query.key = key;
  return call;
}

Harness::Harness(Config config, std::uint64_t seed) : machine_(std::move(config), Rng(seed), now_) {
  pass(Duration::zero());
}

void Harness::pass(Duration length) {
  const Instant until = now_.instant + length;
  while (machine_.next_tick() <= until) {
    const Instant due = std::max(machine_.next_tick(), now_.instant);
    now_.wall += std::chrono::floor<milliseconds>(due.since_start()) -
                 std::chrono::floor<milliseconds>(now_.instant.since_start());
    now_.instant = due;
    machine_.on_tick(now_, effects_);
    collect();
    ASSERT_LT(++ticks_, 1'000'000U) << "the machine asks to be ticked for ever";
  }
  now_.wall += std::chrono::floor<milliseconds>(until.since_start()) -
               std::chrono::floor<milliseconds>(now_.instant.since_start());
  now_.instant = until;
}

void Harness::greet(const schema::ClusterMap& map) {
  answer(take(MessageKind::client_hello), MessageKind::map, map);
}

CallId Harness::start(Call call, Duration timeout) {
  const CallId id{++last_call_};
  machine_.start(now_, id, std::move(call), now_.instant + timeout, effects_);
  collect();
  return id;
}

CallId Harness::append(const std::string& key, const std::string& value, Duration timeout) {
  AppendCall call;
  call.bucket = "default";
  call.key = key;
  call.values = Values{value};
  return start(std::move(call), timeout);
}

void Harness::cancel(CallId id) {
  machine_.cancel(now_, id, effects_);
  collect();
}

void Harness::flush() {
  machine_.flush(now_, effects_);
  collect();
}

Outgoing Harness::take(MessageKind kind) {
  const auto found = std::find_if(sent_.begin(), sent_.end(), [&](const Outgoing& outgoing) {
    return outgoing.message.envelope.kind == kind;
  });
  if (found == sent_.end()) {
    ADD_FAILURE() << "no message of kind " << static_cast<int>(kind) << " was sent";
    return {};
  }
  Outgoing taken = std::move(*found);
  sent_.erase(found);
  return taken;
}

std::vector<Outgoing> Harness::take_all() {
  std::vector<Outgoing> all(std::make_move_iterator(sent_.begin()),
                            std::make_move_iterator(sent_.end()));
  sent_.clear();
  return all;
}

std::size_t Harness::sent(MessageKind kind) const {
  const auto count = std::count_if(sent_.begin(), sent_.end(), [&](const Outgoing& outgoing) {
    return outgoing.message.envelope.kind == kind;
  });
  return static_cast<std::size_t>(count);
}

Harness::Batch Harness::take_append() {
  Outgoing outgoing = take(MessageKind::append);
  auto request = schema::decode<schema::AppendRequest>(outgoing.message.body.view());
  EXPECT_TRUE(request);
  return {std::move(outgoing), request ? std::move(*request) : schema::AppendRequest{}};
}

std::vector<std::string> Harness::keys_of(const Batch& batch) {
  std::vector<std::string> keys;
  for (const Entry& entry : batch.request.entries) keys.push_back(entry.key);
  return keys;
}

void Harness::answer_empty(const Outgoing& request, MessageKind kind) {
  schema::Message message;
  message.envelope.kind = kind;
  message.envelope.request_id = request.message.envelope.request_id;
  deliver(request.broker, std::move(message));
}

void Harness::refuse(const Outgoing& request, ErrorCode code, const std::string& text) {
  answer(request, MessageKind::error, schema::ErrorReply{{code, text}});
}

void Harness::acknowledge(const Outgoing& request, std::vector<schema::Refusal> refusals) {
  answer(request, MessageKind::append_reply, schema::AppendReply{1, std::move(refusals)});
}

void Harness::deliver(std::size_t broker, schema::Message message) {
  machine_.on_message(now_, broker, std::move(message), effects_);
  collect();
}

void Harness::undeliverable(const Outgoing& request) {
  machine_.on_undeliverable(now_, request.broker, request.message.envelope, effects_);
  collect();
}

const Completion& Harness::completion(CallId id) const {
  static const Completion none{CallId{}, fail(ErrorCode::internal, "not completed"), std::nullopt};
  const auto found = completions_.find(id);
  if (found != completions_.end()) return found->second;
  ADD_FAILURE() << "call " << static_cast<std::uint64_t>(id) << " has not completed";
  return none;
}

Error Harness::error(CallId id) const {
  const Completion& done = completion(id);
  if (!done.reply) return done.reply.error();
  ADD_FAILURE() << "call " << static_cast<std::uint64_t>(id) << " succeeded";
  return {};
}

void Harness::collect() {
  for (Outgoing& outgoing : effects_.to_brokers) sent_.push_back(std::move(outgoing));
  for (Completion& done : effects_.completions) {
    const CallId id = done.call;
    const bool is_first = completions_.emplace(id, std::move(done)).second;
    EXPECT_TRUE(is_first) << "call " << static_cast<std::uint64_t>(id) << " completed twice";
    completed_at_[id] = now_.instant;
  }
  effects_ = Effects{};
}

}  // namespace kipu::client
