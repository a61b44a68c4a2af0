// Several worker machines with stores in memory, connected to each other and to a broker that
// answers: time, loss, repetition and disorder of what they send are the test's.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "storage/memory_store.h"
#include "tests/worker/machine_harness.h"

namespace kipu::worker::test {

class ReplicaCluster {
 public:
  static constexpr std::uint32_t kPartitions = 8;

  struct Node {
    std::unique_ptr<storage::MemoryStore> store;
    std::unique_ptr<Machine> machine;
    std::deque<Commit> commits;                        // begun
    bool holds_commits = false;                        // they are finished by finish() only
    bool cut = false;                                  // from the other workers
    std::map<std::uint64_t, schema::Message> answers;  // by request
    std::vector<storage::Change> changes;              // merged
    std::size_t published = 0;                         // bundles
    std::vector<StoreId> resubscribed;
  };

  explicit ReplicaCluster(std::size_t size, std::uint32_t replicas, Config config = {},
                          std::uint64_t seed = 1)
      : rng_(seed) {
    for (std::size_t number = 0; number < size; ++number) {
      Node node;
      node.store = storage::make_memory_store(rng_);
      node.machine =
          std::make_unique<Machine>(config, node.store->info(), Rng(seed + number), now_);
      nodes_.push_back(std::move(node));
    }
    make_map(replicas);
    pass(Duration::zero());
    pass(config.beacon);
    pass(config.beacon);
  }

  Node& node(std::size_t number) { return nodes_.at(number); }
  Now now() const { return now_; }
  StoreId id(std::size_t number) const { return nodes_.at(number).store->info().store; }

  // Lets time go by, and all that follows from it happen.
  void pass(Duration time) {
    now_.instant = now_.instant + time;
    now_.wall += std::chrono::floor<milliseconds>(time);
    for (std::size_t number = 0; number < nodes_.size(); ++number) {
      if (now_.instant < node(number).machine->next_tick()) continue;
      Effects effects;
      node(number).machine->on_tick(now_, effects);
      perform(number, std::move(effects));
    }
    run();
  }
  void pass_beacons(int beacons) {
    while (beacons-- > 0) pass(milliseconds(250));
  }

  void append(std::size_t number, std::uint64_t request, std::vector<Entry> entries,
              Level level = Level::quorum, Duration remaining = seconds(1)) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::append;
    envelope.request_id = request;
    envelope.remaining = remaining;
    envelope.expects_reply = level != Level::none;
    const schema::AppendRequest body{map_.version, level, std::move(entries)};
    from_broker(number, schema::make_message(envelope, body));
    run();
  }
  // The next commit of a node that holds them back.
  void finish(std::size_t number) {
    ASSERT_FALSE(node(number).commits.empty());
    finish_one(number);
    run();
  }

  std::optional<schema::AppendReply> reply_to(std::size_t number, std::uint64_t request) {
    const auto found = node(number).answers.find(request);
    if (found == node(number).answers.end()) return std::nullopt;
    if (found->second.envelope.kind != MessageKind::append_reply) return std::nullopt;
    return schema::decode<schema::AppendReply>(found->second.body.view()).value();
  }
  std::optional<Error> error_of(std::size_t number, std::uint64_t request) {
    const auto found = node(number).answers.find(request);
    if (found == node(number).answers.end()) return std::nullopt;
    if (found->second.envelope.kind != MessageKind::error) return std::nullopt;
    return schema::decode<schema::ErrorReply>(found->second.body.view()).value().error;
  }

  // All that a node's store holds of the bucket `default`.
  std::vector<Entry> contents(std::size_t number) {
    std::vector<Entry> entries;
    for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
      ScanQuery query;
      query.partition = {partition};
      query.bucket = "default";
      const auto page = node(number).store->scan(query);
      EXPECT_TRUE(page.has_value() && page->complete);
      if (page) entries.insert(entries.end(), page->entries.begin(), page->entries.end());
    }
    return entries;
  }

  // The store of a node loses one entry, as no disk should.
  void lose_entry(std::size_t number, const Entry& entry) {
    const PartitionId partition = cluster::partition_of(entry.bucket, entry.key, kPartitions);
    ASSERT_TRUE(node(number).store->lose({partition, entry.bucket, entry.key, entry.id()}));
  }

  bool broker_answers = true;
  // One in so many stream messages is lost, comes twice, or changes places; 0: none.
  std::uint64_t lose = 0;
  std::uint64_t repeat = 0;
  std::uint64_t disorder = 0;

 private:
  struct OnTheWay {
    std::size_t from;
    ToPeer what;
    bool stream;
  };

  void make_map(std::uint32_t replicas) {
    map_.cluster = kCluster;
    map_.version = version(1);
    map_.replicas = replicas;
    map_.buckets = {Bucket{.name = "default"}};
    for (std::uint32_t number = 0; number < nodes_.size(); ++number) {
      const std::string name = std::to_string(number);
      map_.workers.push_back({.id = {number + 1},
                              .store = id(number),
                              .endpoints = {"stream" + name, "peer" + name},
                              .zone = {}});
    }
    const auto size = static_cast<std::uint32_t>(nodes_.size());
    for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
      schema::Replicas placed;
      for (std::uint32_t at = 0; at < replicas; ++at)
        placed.push_back({(partition + at) % size + 1});
      map_.placement.push_back(placed);
    }
  }

  void from_broker(std::size_t number, schema::Message message) {
    Effects effects;
    node(number).machine->on_message(now_, std::move(message), effects);
    perform(number, std::move(effects));
  }
  template <class Body>
  void say(std::size_t number, MessageKind kind, std::uint64_t request, const Body& body) {
    schema::Envelope envelope;
    envelope.kind = kind;
    envelope.request_id = request;
    envelope.remaining = seconds(1);
    from_broker(number, schema::make_message(envelope, body));
  }

  void as_broker(std::size_t number, schema::Message message) {
    const std::uint64_t request = message.envelope.request_id;
    switch (message.envelope.kind) {
      case MessageKind::worker_hello:
        say(number, MessageKind::worker_welcome, request, schema::WorkerWelcome{kCluster, {}, {}});
        return say(number, MessageKind::map_store, 1, map_);
      case MessageKind::map_stored:
        return say(number, MessageKind::map_in_force, 2, schema::MapStored{map_.version});
      case MessageKind::heartbeat: {
        if (!broker_answers) return;
        const auto beat = schema::decode<schema::Heartbeat>(message.body.view()).value();
        return say(number, MessageKind::heartbeat_reply, request,
                   schema::HeartbeatReply{beat.sent, true, map_.version});
      }
      default:
        node(number).answers[request] = std::move(message);
    }
  }

  void perform(std::size_t number, Effects effects) {
    Node& node = nodes_[number];
    ASSERT_FALSE(effects.stop.has_value()) << effects.stop->message;
    if (effects.commit) node.commits.push_back(std::move(*effects.commit));
    for (const StoreId silent : effects.resubscribe) node.resubscribed.push_back(silent);
    for (SaveMap& save : effects.save_maps) {
      ASSERT_TRUE(node.store->save_map(save.cluster, save.map));
      Effects after;
      node.machine->on_map_saved(now_, save.version, {}, after);
      perform(number, std::move(after));
    }
    if (effects.save_wholeness) {
      ASSERT_TRUE(node.store->save_wholeness(effects.save_wholeness->whole));
      Effects after;
      node.machine->on_wholeness_saved(now_, effects.save_wholeness->id, {}, after);
      perform(number, std::move(after));
    }
    for (ToPeer& peer : effects.to_peers) {
      wire_.push_back({number, std::move(peer), false});
    }
    for (ToPeer& stream : effects.to_stream) publish(number, std::move(stream));
    for (Read& read : effects.reads) {
      Effects after;
      node.machine->on_read(now_, read.id, storage::read(*node.store, read.query), after);
      perform(number, std::move(after));
    }
    for (schema::Message& message : effects.to_broker) as_broker(number, std::move(message));
  }

  bool happens(std::uint64_t one_in) { return one_in > 0 && rng_.one_in(one_in); }

  void publish(std::size_t number, ToPeer message) {
    if (message.message.envelope.kind == MessageKind::bundle) ++nodes_[number].published;
    if (happens(lose)) return;
    if (happens(repeat)) {
      wire_.push_back({number, {message.to, copy(message.message)}, true});
    }
    wire_.push_back({number, std::move(message), true});
    if (happens(disorder)) std::swap(wire_.back(), wire_[rng_.below(wire_.size())]);
  }
  static schema::Message copy(const schema::Message& message) {
    return {message.envelope, message.body.copy()};
  }

  void finish_one(std::size_t number) {
    Node& node = nodes_[number];
    const Commit commit = std::move(node.commits.front());
    node.commits.pop_front();
    const storage::Merged merged = storage::merge_and_tell(*node.store, commit.change);
    ASSERT_TRUE(merged.status) << merged.status.error().message;
    node.changes.push_back(commit.change);
    Effects effects;
    node.machine->on_committed(now_, commit.id, merged, effects);
    perform(number, std::move(effects));
  }

  // Until nothing moves any more.
  void run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t number = 0; number < nodes_.size(); ++number) {
        if (nodes_[number].holds_commits || nodes_[number].commits.empty()) continue;
        finish_one(number);
        moved = true;
      }
      if (wire_.empty()) continue;
      OnTheWay next = std::move(wire_.front());
      wire_.pop_front();
      deliver(std::move(next));
      moved = true;
    }
  }

  void deliver(OnTheWay next) {
    for (std::size_t number = 0; number < nodes_.size(); ++number) {
      if (id(number) != next.what.to) continue;
      if (nodes_[number].cut || nodes_[next.from].cut) return;
      Effects effects;
      Machine& machine = *nodes_[number].machine;
      if (next.stream) {
        machine.on_stream_message(now_, std::move(next.what.message), effects);
      } else {
        machine.on_peer_message(now_, std::move(next.what.message), effects);
      }
      return perform(number, std::move(effects));
    }
  }

  Rng rng_;
  Now now_{Instant::since_start(seconds(1)), kStartWall};
  schema::ClusterMap map_;
  std::vector<Node> nodes_;
  std::deque<OnTheWay> wire_;
};

}  // namespace kipu::worker::test
