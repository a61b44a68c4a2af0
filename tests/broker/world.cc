#include "tests/broker/world.h"

#include <utility>

namespace kipu::broker::test {
namespace {

std::string describe_map(const schema::ClusterMap& map) {
  std::string text = show(map.version) + " of";
  for (const schema::Worker& worker : map.workers) {
    text += " " + std::string(1, static_cast<char>(worker.store.id.low));
  }
  for (const Bucket& bucket : map.buckets) {
    if (bucket.name != "default") text += " +" + bucket.name;
  }
  return text;
}

std::string show_or_none(const MapVersion& version) {
  return version.is_none() ? "none" : show(version);
}

template <class Body>
Body body_of(const Message& message) {
  auto body = schema::decode<Body>(message.body.view());
  EXPECT_TRUE(body) << body.error().message;
  return body ? std::move(*body) : Body{};
}

}  // namespace

std::string describe(const Message& message) {
  switch (message.envelope.kind) {
    case MessageKind::error:
      return "error " + std::string(error_name(error_code(message)));
    case MessageKind::map:
      return "map " + describe_map(body_of<schema::ClusterMap>(message));
    case MessageKind::map_store:
      return "map_store " + describe_map(body_of<schema::ClusterMap>(message));
    case MessageKind::map_stored:
      return "map_stored " + show(body_of<schema::MapStored>(message).version);
    case MessageKind::map_in_force:
      return "map_in_force " + show(body_of<schema::MapStored>(message).version);
    case MessageKind::worker_hello: {
      const auto hello = body_of<schema::WorkerHello>(message);
      return "hello with " + (hello.map ? "map " + show(hello.map->version) : "no map");
    }
    case MessageKind::worker_welcome: {
      const auto welcome = body_of<schema::WorkerWelcome>(message);
      return fmt::format("welcome {}, in force {}",
                         welcome.worker.is_none() ? "without a number" : welcome.worker.to_string(),
                         show_or_none(welcome.in_force));
    }
    case MessageKind::heartbeat:
      return "heartbeat";
    case MessageKind::heartbeat_reply: {
      const auto answer = body_of<schema::HeartbeatReply>(message);
      return fmt::format("{}, in force {}", answer.known ? "known" : "unknown",
                         show_or_none(answer.in_force));
    }
    default:
      return fmt::format("kind {}", static_cast<int>(message.envelope.kind));
  }
}

ErrorCode error_code(const Message& message) {
  EXPECT_EQ(message.envelope.kind, MessageKind::error);
  return body_of<schema::ErrorReply>(message).error.code;
}

std::string error_text(const Message& message) {
  EXPECT_EQ(message.envelope.kind, MessageKind::error);
  return body_of<schema::ErrorReply>(message).error.message;
}

schema::ClusterMap map_of(const Message& message) {
  EXPECT_EQ(message.envelope.kind, MessageKind::map);
  return body_of<schema::ClusterMap>(message);
}

Envelope to_broker(MessageKind kind, std::uint64_t id, Duration remaining) {
  Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = id;
  envelope.remaining = remaining;
  return envelope;
}

Envelope to_partition(MessageKind kind, std::uint32_t partition, std::uint64_t id,
                      Duration remaining) {
  Envelope envelope = to_broker(kind, id, remaining);
  envelope.destination = PartitionId{partition};
  return envelope;
}

Envelope to_worker(MessageKind kind, std::uint32_t number, std::uint64_t id, Duration remaining) {
  Envelope envelope = to_broker(kind, id, remaining);
  envelope.destination = WorkerId{number};
  return envelope;
}

World::World(Config config, std::uint64_t seed) : config_(std::move(config)) {
  broker_ = std::make_unique<Machine>(config_, Rng(seed), now_);
}

void World::restart_broker(std::uint64_t seed) {
  broker_ = std::make_unique<Machine>(config_, Rng(seed), now_);
  to_broker_.clear();
  stopped_.reset();
  for (auto& [name, worker] : workers_) worker.requests.clear();
  transcript_.emplace_back("the broker restarts");
}

FakeWorker& World::worker(const std::string& name) {
  FakeWorker& worker = workers_[name];
  if (worker.name.empty()) {
    worker.name = name;
    worker.store = StoreId{Uuid{0x70, static_cast<std::uint64_t>(name.front())}};
    worker.peer = PeerId{name};
  }
  return worker;
}

void World::say(const std::string& name, MessageKind kind, std::uint64_t id, Buffer body) {
  if (!worker(name).up) return;
  transcript_.push_back(name + " says " + describe({to_broker(kind, id), body.copy()}));
  send(name, kind, id, std::move(body));
}

void World::send(const std::string& name, MessageKind kind, std::uint64_t id, Buffer body) {
  FakeWorker& from = worker(name);
  const Envelope envelope = to_broker(kind, id);
  to_broker_.emplace_back(from.peer, Message{envelope, std::move(body)});
  if (delivering_) return;
  delivering_ = true;
  while (!to_broker_.empty()) {
    auto [peer, message] = std::move(to_broker_.front());
    to_broker_.pop_front();
    Effects effects;
    broker_->on_worker_message(now_, peer, std::move(message), effects);
    perform(std::move(effects));
  }
  delivering_ = false;
}

void World::hello(const std::string& name, const std::string& peer) {
  FakeWorker& from = worker(name);
  if (!peer.empty()) from.peer = PeerId{peer};
  schema::WorkerHello hello;
  hello.store = from.store;
  hello.cluster = from.cluster;
  hello.endpoints = from.endpoints;
  hello.map = from.disk;
  say(name, MessageKind::worker_hello, from.next_request++, schema::encode(hello));
}

void World::all_hello(const std::vector<std::string>& names) {
  for (const std::string& name : names) hello(name);
}

void World::lose_disk(const std::string& name, std::uint64_t new_store) {
  FakeWorker& emptied = worker(name);
  emptied.disk.reset();
  emptied.acts_on = {};
  emptied.store = StoreId{Uuid{0x70, new_store}};
}

void World::heartbeat(const std::string& name) {
  FakeWorker& from = worker(name);
  schema::Heartbeat heartbeat;
  heartbeat.store = from.store;
  heartbeat.sent = now_.instant;
  heartbeat.in_force = from.acts_on;
  heartbeat.health = from.health;
  say(name, MessageKind::heartbeat, from.next_request++, schema::encode(heartbeat));
}

void World::answer(const std::string& name, MessageKind kind) {
  FakeWorker& from = worker(name);
  ASSERT_FALSE(from.requests.empty()) << name << " was asked nothing";
  const std::uint64_t id = from.requests.front().envelope.request_id;
  from.requests.erase(from.requests.begin());
  say(name, kind, id,
      kind == MessageKind::error
          ? schema::encode(schema::ErrorReply{{ErrorCode::read_only, "answer of " + name}})
          : Buffer("answer of " + name));
}

void World::tick_after(Duration length) {
  now_.instant = now_.instant + length;
  now_.wall += std::chrono::duration_cast<milliseconds>(length);
  Effects effects;
  broker_->on_tick(now_, effects);
  perform(std::move(effects));
}

void World::pass(Duration length) {
  const Instant end = now_.instant + length;
  while (now_.instant < end) {
    tick_after(std::min<Duration>(kHeartbeat, end - now_.instant));
    for (auto& [name, worker] : workers_) {
      if (worker.up) heartbeat(name);
    }
  }
}

std::vector<Message> World::ask(const std::string& client, Envelope envelope, Buffer body) {
  Effects effects;
  broker_->on_client_message(now_, PeerId{client}, {std::move(envelope), std::move(body)}, effects);
  perform(std::move(effects));
  return take_replies(client);
}

std::vector<Message> World::take_replies(const std::string& client) {
  return std::exchange(replies_[client], {});
}

Lines World::take_transcript() {
  return std::exchange(transcript_, {});
}

Lines World::take_log() {
  return std::exchange(log_, {});
}

void World::perform(Effects effects) {
  for (LogLine& line : effects.log) log_.push_back(std::move(line.text));
  if (effects.stop) stopped_ = std::move(effects.stop);
  for (Outgoing& out : effects.to_clients) {
    transcript_.push_back(out.to.routing_id + " gets " + describe(out.message));
    replies_[out.to.routing_id].push_back(std::move(out.message));
  }
  for (Outgoing& out : effects.to_workers) deliver_to_worker(out.to, std::move(out.message));
}

void World::deliver_to_worker(const PeerId& peer, Message message) {
  const std::string name = name_of(peer);
  transcript_.push_back(
      fmt::format("{} gets {}", name.empty() ? peer.routing_id : name, describe(message)));
  if (name.empty() || !workers_.at(name).up) return;
  FakeWorker& to = workers_.at(name);
  switch (message.envelope.kind) {
    case MessageKind::map_store:
      return take_map(to, message);
    case MessageKind::map_in_force:
      return set_in_force(to, body_of<schema::MapStored>(message).version);
    case MessageKind::worker_welcome:
      to.cluster = body_of<schema::WorkerWelcome>(message).cluster;
      return set_in_force(to, body_of<schema::WorkerWelcome>(message).in_force);
    case MessageKind::heartbeat_reply: {
      const auto answer = body_of<schema::HeartbeatReply>(message);
      set_in_force(to, answer.in_force);
      if (!answer.known) hello(name);
      return;
    }
    case MessageKind::error:
      return;
    default:
      to.requests.push_back(std::move(message));
  }
}

void World::take_map(FakeWorker& to, const Message& message) {
  if (!to.stores_maps) return;
  auto map = body_of<schema::ClusterMap>(message);
  EXPECT_TRUE(cluster::validate(map));
  if (map.version > to.holds()) to.disk = std::move(map);
  if (!to.says_stored) return;
  say(to.name, MessageKind::map_stored, message.envelope.request_id,
      schema::encode(schema::MapStored{to.holds()}));
}

void World::set_in_force(FakeWorker& to, const MapVersion& version) {
  if (!version.is_none() && to.holds() == version) to.acts_on = version;
}

std::string World::name_of(const PeerId& peer) const {
  for (const auto& [name, worker] : workers_) {
    if (worker.peer == peer) return name;
  }
  return {};
}

ClusterStatus status_of(World& world) {
  const auto replies = world.ask("s", to_broker(MessageKind::status));
  if (replies.size() != 1 || replies[0].envelope.kind != MessageKind::status_reply) {
    ADD_FAILURE() << "no status";
    return {};
  }
  const auto status = schema::decode<ClusterStatus>(replies[0].body.view());
  EXPECT_TRUE(status);
  return status.value_or(ClusterStatus{});
}

namespace {

World born_of(const Config& config, std::uint64_t seed) {
  World world(config, seed);
  world.all_hello({"A", "B", "C"});
  world.take_transcript();
  world.take_log();
  return world;
}

}  // namespace

World born(std::uint64_t seed) {
  return born_of(three_workers(), seed);
}

World born_with_replicas(std::uint32_t replicas) {
  Config config = three_workers();
  config.replicas = replicas;
  return born_of(config, 1);
}

}  // namespace kipu::broker::test
