// A broker machine among workers and clients that the test plays. Workers keep maps as real ones
// do; everything that passes is written down in a transcript, one line a message.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/machine.h"
#include "broker/recovery.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::broker::test {

using schema::Envelope;
using schema::Message;
using schema::MessageKind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

inline const ClusterId kCluster{Uuid{1, 1}};
inline const ClusterId kOtherCluster{Uuid{2, 2}};
inline constexpr Duration kHeartbeat = milliseconds(250);

inline Config three_workers() {
  Config config;
  config.cluster = kCluster;
  config.workers = 3;
  config.partitions = 8;
  return config;
}

// A worker, as far as a broker sees one. The name's first letter makes its store id.
struct FakeWorker {
  std::string name;
  StoreId store;
  PeerId peer;
  ClusterId cluster;
  std::optional<schema::ClusterMap> disk;
  MapVersion acts_on;
  bool up = true;
  bool stores_maps = true;
  bool says_stored = true;
  schema::Endpoints endpoints;
  WorkerHealth health;
  std::uint64_t next_request = 1;
  std::vector<Message> requests;  // that were routed to it and that it has not answered

  MapVersion holds() const { return disk ? disk->version : MapVersion{}; }
};

class World {
 public:
  explicit World(Config config = three_workers(), std::uint64_t seed = 1);

  // The broker.
  Machine& broker() { return *broker_; }
  void restart_broker(std::uint64_t seed);
  const std::optional<std::string>& stopped() const { return stopped_; }
  Now now() const { return now_; }

  // Workers, made when they are first named. A worker that is down takes and says nothing.
  FakeWorker& worker(const std::string& name);
  void hello(const std::string& name, const std::string& peer = {});
  void all_hello(const std::vector<std::string>& names);
  void lose_disk(const std::string& name, std::uint64_t new_store);
  void heartbeat(const std::string& name);
  void say(const std::string& name, MessageKind kind, std::uint64_t id, Buffer body = {});
  // The same for bytes that are no message, which the transcript cannot describe.
  void send(const std::string& name, MessageKind kind, std::uint64_t id, Buffer body);
  // A worker's answer to the oldest request that it holds.
  void answer(const std::string& name, MessageKind kind);

  // Lets time pass: workers that are up send heartbeats, and the broker gets its ticks.
  void pass(Duration length);
  void tick_after(Duration length);

  // Clients. ask() returns the replies to that client that came at once.
  std::vector<Message> ask(const std::string& client, Envelope envelope, Buffer body = {});
  std::vector<Message> take_replies(const std::string& client);

  // What passed since the last call, and what was logged.
  Lines take_transcript();
  Lines take_log();

  void perform(Effects effects);

 private:
  void deliver_to_worker(const PeerId& peer, Message message);
  void take_map(FakeWorker& to, const Message& message);
  void set_in_force(FakeWorker& to, const MapVersion& version);
  std::string name_of(const PeerId& peer) const;

  Config config_;
  Now now_{Instant::since_start(seconds(100)), WallTime(milliseconds(1'800'000'000'000))};
  std::unique_ptr<Machine> broker_;
  std::map<std::string, FakeWorker> workers_;
  std::map<std::string, std::vector<Message>> replies_;
  std::deque<std::pair<PeerId, Message>> to_broker_;
  Lines transcript_;
  Lines log_;
  std::optional<std::string> stopped_;
  bool delivering_ = false;
};

// Messages of clients.
Envelope to_partition(MessageKind kind, std::uint32_t partition, std::uint64_t id = 1,
                      Duration remaining = seconds(5));
Envelope to_worker(MessageKind kind, std::uint32_t number, std::uint64_t id = 1,
                   Duration remaining = seconds(5));
Envelope to_broker(MessageKind kind, std::uint64_t id = 1, Duration remaining = seconds(5));

std::string describe(const Message& message);
ErrorCode error_code(const Message& message);
std::string error_text(const Message& message);
schema::ClusterMap map_of(const Message& message);
// What the broker answers who asks for it.
ClusterStatus status_of(World& world);

// A cluster of A, B and C whose map is in force, with a transcript that starts now.
World born(std::uint64_t seed = 1);
// The same with so many replicas of each partition.
World born_with_replicas(std::uint32_t replicas);

}  // namespace kipu::broker::test
