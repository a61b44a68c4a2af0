// A worker machine with a broker that the test plays: it says what the broker would, and keeps what
// the machine handed back.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/machine.h"

namespace kipu::worker::test {

using schema::MessageKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline const ClusterId kCluster{Uuid{1, 1}};
inline const StoreId kStore{Uuid{7, 7}};
inline const StoreId kOtherStore{Uuid{8, 8}};
inline const WallTime kStartWall{milliseconds(1'800'000'000'000)};

inline MapVersion version(std::uint64_t epoch) {
  return {5, 99, epoch};
}

// One partition in two, the even ones, is of w1, which is the machine under test.
inline schema::ClusterMap make_map(std::uint64_t epoch) {
  schema::ClusterMap map;
  map.cluster = kCluster;
  map.version = version(epoch);
  map.buckets = {Bucket{.name = "default"}, Bucket{.name = "small", .max_pair_bytes = 16},
                 Bucket{.name = "state", .mode = BucketMode::wmrm}};
  map.workers = {schema::Worker{.id = {1}, .store = kStore, .endpoints = {}, .zone = {}},
                 schema::Worker{.id = {2}, .store = kOtherStore, .endpoints = {}, .zone = {}}};
  for (std::uint32_t partition = 0; partition < 8; ++partition) {
    map.placement.push_back({WorkerId{partition % 2 + 1}});
  }
  return map;
}

// The n-th key whose partition is w1's (or, with `ours` false, w2's).
inline std::string key_of(bool ours, int n = 0, const std::string& bucket = "default") {
  for (int tried = 0;; ++tried) {
    std::string key = "key" + std::to_string(tried);
    const bool even = cluster::partition_of(bucket, key, 8).number % 2 == 0;
    if (even == ours && n-- == 0) return key;
  }
}

inline Stamp stamp_at(WallTime wall, std::uint64_t writer = 1) {
  return {StampTime::at(wall), writer};
}

inline Entry append_of(const std::string& key, std::string_view value = "v") {
  return make_entry("default", key, stamp_at(kStartWall), EntryKind::append, Values{value});
}

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() { info_.store = kStore; }

  Machine& machine() {
    if (!machine_) machine_.emplace(config_, info_, Rng(3), now_);
    return *machine_;
  }

  void pass(Duration time) {
    now_.instant = now_.instant + time;
    now_.wall += std::chrono::floor<milliseconds>(time);
  }
  void tick() { machine().on_tick(now_, effects_); }

  template <class Body>
  void receive(MessageKind kind, std::uint64_t request, const Body& body,
               Duration remaining = seconds(1), bool expects_reply = true) {
    schema::Envelope envelope;
    envelope.kind = kind;
    envelope.request_id = request;
    envelope.remaining = remaining;
    envelope.expects_reply = expects_reply;
    machine().on_message(now_, schema::make_message(envelope, body), effects_);
  }

  // What the machine has sent since the last call.
  std::vector<schema::Message> sent() { return std::exchange(effects_.to_broker, {}); }

  // The only message sent since the last call, which must be of this kind.
  template <class Body>
  Body only(MessageKind kind) {
    auto messages = sent();
    EXPECT_EQ(messages.size(), 1U);
    if (messages.size() != 1) return {};
    EXPECT_EQ(messages[0].envelope.kind, kind);
    last_id_ = messages[0].envelope.request_id;
    auto body = schema::decode<Body>(messages[0].body.view());
    EXPECT_TRUE(body.has_value());
    return body ? std::move(*body) : Body{};
  }
  ErrorCode only_error() { return only<schema::ErrorReply>(MessageKind::error).error.code; }
  std::uint64_t last_id() const { return last_id_; }

  std::optional<Commit> commit() { return std::exchange(effects_.commit, std::nullopt); }
  void finish(const Commit& commit, const storage::Merged& merged = {}) {
    machine().on_committed(now_, commit.id, merged, effects_);
  }

  void say_welcome(ClusterId cluster = kCluster, MapVersion in_force = {}) {
    tick();
    only<schema::WorkerHello>(MessageKind::worker_hello);
    receive(MessageKind::worker_welcome, last_id(),
            schema::WorkerWelcome{cluster, WorkerId{}, in_force});
  }
  // Hello, welcome, the map of `epoch` stored and in force.
  void serve(std::uint64_t epoch = 1) {
    say_welcome();
    put_in_force(epoch);
    grant(epoch);
    effects_ = {};
  }
  // The broker answers a heartbeat that was sent just now: a lease.
  void grant(std::uint64_t epoch) {
    receive(MessageKind::heartbeat_reply, 52,
            schema::HeartbeatReply{now_.instant, true, version(epoch)});
  }
  void put_in_force(std::uint64_t epoch) {
    receive(MessageKind::map_store, 50, make_map(epoch));
    for (const SaveMap& save : std::exchange(effects_.save_maps, {})) {
      machine().on_map_saved(now_, save.version, {}, effects_);
    }
    receive(MessageKind::map_in_force, 51, schema::MapStored{version(epoch)});
  }

  void append(std::uint64_t request, std::vector<Entry> entries, std::uint64_t epoch = 1,
              Duration remaining = seconds(1), bool expects_reply = true) {
    receive(MessageKind::append, request,
            schema::AppendRequest{epoch == 0 ? MapVersion{} : version(epoch), Level::one,
                                  std::move(entries)},
            remaining, expects_reply);
  }
  // Why the only entry of an append is refused.
  ErrorCode refusal_of(Entry entry) {
    append(1, {std::move(entry)});
    const auto reply = only<schema::AppendReply>(MessageKind::append_reply);
    EXPECT_FALSE(effects_.commit.has_value());
    EXPECT_EQ(reply.refusals.size(), 1U);
    return reply.refusals.empty() ? ErrorCode::internal : reply.refusals[0].error.code;
  }

  Config config_;
  storage::StoreInfo info_;
  Now now_{Instant::since_start(seconds(1)), kStartWall};
  Effects effects_;

 private:
  std::optional<Machine> machine_;
  std::uint64_t last_id_ = 0;
};

}  // namespace kipu::worker::test
