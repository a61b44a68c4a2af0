// Several worker machines with stores in memory, a network that a test may cut, and a broker that
// knows them all and answers every heartbeat at once. Time passes only when a test says so.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
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
#include "storage/store.h"
#include "worker/machine.h"

namespace kipu::worker::test {

using schema::MessageKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Machines {
 public:
  static constexpr std::uint32_t kPartitions = 4;

  // All hold every partition; the map is in force from the beginning.
  explicit Machines(std::size_t count) : nodes_(count) {
    map_.cluster = ClusterId{Uuid{1, 1}};
    map_.version = {1, 1, 1};
    map_.replicas = static_cast<std::uint32_t>(count);
    map_.buckets = {Bucket{.name = "default"}, Bucket{.name = "state", .mode = BucketMode::wmrm}};
    for (std::size_t at = 0; at < count; ++at) {
      Rng rng(at + 1);
      nodes_[at].store = storage::make_memory_store(rng);
      const std::string name = std::to_string(at);
      map_.workers.push_back(schema::Worker{.id = {static_cast<std::uint32_t>(at + 1)},
                                            .store = id_of(at),
                                            .endpoints = {"stream" + name, "peer" + name},
                                            .zone = {}});
    }
    schema::Replicas replicas;
    for (const schema::Worker& worker : map_.workers) replicas.push_back(worker.id);
    map_.placement.assign(kPartitions, replicas);
    for (std::size_t at = 0; at < count; ++at) start(at);
  }

  StoreId id_of(std::size_t at) const { return nodes_[at].store->info().store; }
  storage::Store& store(std::size_t at) { return *nodes_[at].store; }
  schema::ClusterMap& map() { return map_; }

  // Another life of the worker, with what its store says of itself.
  void start(std::size_t at) { start(at, nodes_[at].store->info()); }
  void start(std::size_t at, storage::StoreInfo info) {
    Node& node = nodes_[at];
    node.machine.emplace(config_, info, Rng(at + 100 + ++lives_), now_);
    node.up = true;
    tell(at, MessageKind::worker_welcome, hello_of(at),
         schema::WorkerWelcome{map_.cluster, WorkerId{}, {}});
    give_map(at);
  }
  // The worker stores the map as it is now, and acts on it.
  void give_map(std::size_t at) {
    tell(at, MessageKind::map_store, 1, map_);
    tell(at, MessageKind::map_in_force, 2, schema::MapStored{map_.version});
    pump();
  }
  void stop(std::size_t at) {
    nodes_[at].up = false;
    nodes_[at].machine.reset();
  }
  // Its store is gone: an empty one under the same id takes its place.
  void lose(std::size_t at, bool accepts_loss = false) {
    stop(at);
    const StoreId lost = id_of(at);
    Rng rng(++lives_ + 1000);
    nodes_[at].store = storage::make_memory_store(rng, {.instead_of = lost, .log = {}});
    storage::StoreInfo info = nodes_[at].store->info();
    info.whole.accepts_loss = accepts_loss;
    start(at, info);
  }
  // As `kipu-worker accept-loss` does, with a restart.
  void accept_loss(std::size_t at) {
    stop(at);
    Rng rng(++lives_ + 2000);
    nodes_[at].store->reopen(rng);
    storage::StoreInfo info = store(at).info();
    info.whole.accepts_loss = true;
    start(at, info);
  }
  // Nothing of that partition can be read there any more.
  void rot(std::size_t at, PartitionId partition) { nodes_[at].rotten.insert(partition); }
  void cut(std::size_t a, std::size_t b) { cuts_.insert(std::minmax(a, b)); }
  void heal() { cuts_.clear(); }

  // Entries that came to this store alone.
  void plant(std::size_t at, const std::vector<Entry>& entries) {
    std::vector<storage::PlacedEntry> placed;
    for (const Entry& entry : entries) {
      placed.push_back({cluster::partition_of(entry.bucket, entry.key, kPartitions), entry});
    }
    ASSERT_TRUE(store(at).merge(placed).has_value());
  }
  bool holds(std::size_t at, const Entry& entry) {
    PageQuery query;
    query.partition = cluster::partition_of(entry.bucket, entry.key, kPartitions);
    query.bucket = entry.bucket;
    query.key = entry.key;
    const Page page = store(at).page(query).value();
    return std::find(page.entries.begin(), page.entries.end(), entry) != page.entries.end();
  }

  // Time passes, and everybody does what is due.
  void pass(Duration time) {
    const Instant end = now_.instant + time;
    while (now_.instant < end) {
      const Instant next = std::max(std::min(next_tick(), end), now_.instant);
      now_.wall += std::chrono::ceil<milliseconds>(next - now_.instant);
      now_.instant = next == now_.instant ? now_.instant + milliseconds(1) : next;
      for (std::size_t at = 0; at < nodes_.size(); ++at) {
        if (!nodes_[at].up) continue;
        event(at, [&](Machine& machine, Effects& effects) { machine.on_tick(now_, effects); });
      }
      pump();
    }
  }

  // A client's request to one worker, and its answer; `deadline_exceeded` if there is none in time.
  template <class Reply, class Body>
  Result<Reply> ask(std::size_t at, MessageKind kind, const Body& body,
                    Duration remaining = seconds(2)) {
    const std::uint64_t request = ++last_request_;
    tell(at, kind, request, body, remaining);
    pump();
    const Instant end = now_.instant + remaining;
    while (!answers_.contains(request) && now_.instant < end) pass(milliseconds(10));
    const auto found = answers_.find(request);
    if (found == answers_.end()) return fail(ErrorCode::deadline_exceeded, "no answer");
    const schema::Message answer = std::move(found->second);
    answers_.erase(found);
    if (answer.envelope.kind != MessageKind::error) {
      return schema::decode<Reply>(answer.body.view());
    }
    return fail(schema::decode<schema::ErrorReply>(answer.body.view()).value().error);
  }
  const WorkerHealth& health(std::size_t at) const { return nodes_[at].health; }
  Now now() const { return now_; }

 private:
  struct Node {
    std::unique_ptr<storage::MemoryStore> store;
    std::optional<Machine> machine;
    bool up = false;
    WorkerHealth health;
    std::uint64_t hello = 0;
    std::set<PartitionId> rotten;
  };

  template <class Body>
  void tell(std::size_t at, MessageKind kind, std::uint64_t request, const Body& body,
            Duration remaining = seconds(2)) {
    schema::Envelope envelope;
    envelope.kind = kind;
    envelope.request_id = request;
    envelope.remaining = remaining;
    event(at, [&](Machine& machine, Effects& effects) {
      machine.on_message(now_, schema::make_message(envelope, body), effects);
    });
  }

  std::uint64_t hello_of(std::size_t at) {
    event(at, [&](Machine& machine, Effects& effects) { machine.on_tick(now_, effects); });
    return nodes_[at].hello;
  }

  Instant next_tick() const {
    Instant next = Instant::never();
    for (const Node& node : nodes_) {
      if (node.up) next = std::min(next, node.machine->next_tick());
    }
    return next;
  }

  void pump() {
    while (!queue_.empty()) {
      const auto next = std::move(queue_.front());
      queue_.pop_front();
      next();
    }
  }

  // What an event brings about is done after everything that was brought about before.
  template <class Event>
  void event(std::size_t at, Event handle) {
    if (!nodes_[at].up) return;
    Effects effects;
    handle(*nodes_[at].machine, effects);
    EXPECT_FALSE(effects.stop.has_value()) << effects.stop->message;
    perform(at, std::move(effects));
  }

  template <class Event>
  void later(std::size_t at, Event handle) {
    queue_.push_back([this, at, handle] { event(at, handle); });
  }

  void perform(std::size_t at, Effects effects) {
    storage::Store& store = *nodes_[at].store;
    for (const SaveMap& save : effects.save_maps) {
      later(at, [this, version = save.version](Machine& machine, Effects& out) {
        machine.on_map_saved(now_, version, {}, out);
      });
    }
    if (effects.save_wholeness) {
      ASSERT_TRUE(store.save_wholeness(effects.save_wholeness->whole).has_value());
      later(at, [this, id = effects.save_wholeness->id](Machine& machine, Effects& out) {
        machine.on_wholeness_saved(now_, id, {}, out);
      });
    }
    if (effects.commit) {
      const storage::Merged merged = storage::merge_and_tell(store, effects.commit->change);
      later(at, [this, id = effects.commit->id, merged](Machine& machine, Effects& out) {
        machine.on_committed(now_, id, merged, out);
      });
    }
    for (const Read& read : effects.reads) {
      const auto result = std::make_shared<Result<ReadResult>>(read_at(at, read.query));
      later(at, [this, id = read.id, result](Machine& machine, Effects& out) {
        machine.on_read(now_, id, *result, out);
      });
    }
    for (ToPeer& one : effects.to_peers) carry(at, std::move(one), &Machine::on_peer_message);
    for (ToPeer& one : effects.to_stream) carry(at, std::move(one), &Machine::on_stream_message);
    for (schema::Message& message : effects.to_broker) take(at, std::move(message));
  }

  Result<ReadResult> read_at(std::size_t at, const ReadQuery& query) const {
    const Node& node = nodes_[at];
    const bool is_rotten = std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.partitions; }) {
            return std::ranges::any_of(
                one.partitions, [&](PartitionId each) { return node.rotten.contains(each); });
          } else {
            return node.rotten.contains(one.partition);
          }
        },
        query);
    if (is_rotten) return fail(ErrorCode::unreadable, "block checksum mismatch");
    return storage::read(*node.store, query);
  }

  using Receive = void (Machine::*)(Now, schema::Message, Effects&);
  void carry(std::size_t from, ToPeer sent, Receive receive) {
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
      if (id_of(to) != sent.to || cuts_.contains(std::minmax(from, to))) continue;
      const auto message = std::make_shared<schema::Message>(std::move(sent.message));
      later(to, [this, message, receive](Machine& machine, Effects& out) {
        (machine.*receive)(now_, std::move(*message), out);
      });
      return;
    }
  }

  void take(std::size_t at, schema::Message message) {
    switch (message.envelope.kind) {
      case MessageKind::worker_hello:
        nodes_[at].hello = message.envelope.request_id;
        return;
      case MessageKind::heartbeat: {
        const auto heartbeat = schema::decode<schema::Heartbeat>(message.body.view()).value();
        nodes_[at].health = heartbeat.health;
        return tell(at, MessageKind::heartbeat_reply, message.envelope.request_id,
                    schema::HeartbeatReply{heartbeat.sent, true, map_.version});
      }
      case MessageKind::map_stored:
        return;
      default:
        answers_.emplace(message.envelope.request_id, std::move(message));
    }
  }

  Config config_;
  schema::ClusterMap map_;
  std::vector<Node> nodes_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::deque<std::function<void()>> queue_;
  std::map<std::uint64_t, schema::Message> answers_;
  std::uint64_t last_request_ = 1000;
  std::uint64_t lives_ = 0;
  Now now_{Instant::since_start(seconds(1)), WallTime(milliseconds(1'800'000'000'000))};
};

}  // namespace kipu::worker::test
