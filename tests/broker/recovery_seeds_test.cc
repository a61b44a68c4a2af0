// Brokers die at any moment, one after the other, workers come and go, and store what they are
// given or do not. What was answered must be in every later map, and once all is well again the
// cluster must find to one map. A failure names its seed, which replays it.
#include <set>

#include <gtest/gtest.h>

#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

const std::vector<std::string> kNames = {"A", "B", "C", "D", "E"};

class Trial {
 public:
  explicit Trial(std::uint64_t seed)
      : rng_(seed),
        names_(kNames.begin(), kNames.begin() + 1 + static_cast<std::ptrdiff_t>(rng_.below(5))),
        world_(config(static_cast<std::uint32_t>(names_.size())), seed) {}

  void step() {
    const std::string name = names_[rng_.below(names_.size())];
    FakeWorker& worker = world_.worker(name);
    switch (rng_.below(14)) {
      case 0:
        world_.restart_broker(rng_.next());
        proposed_.clear();
        break;
      case 2:
        worker.up = !worker.up;
        // A worker that starts again acts on no map until it is told.
        worker.acts_on = {};
        break;
      case 3:
        worker.stores_maps = !worker.stores_maps;
        break;
      case 4:
        worker.says_stored = !worker.says_stored;
        break;
      case 5:
        world_.pass(kHeartbeat * (1 + rng_.below(5)));
        break;
      case 6:
      case 7:
        create_bucket();
        break;
      case 8:
      case 9:
        begin_round();
        break;
      default:
        world_.hello(name);
    }
    check();
  }

  void heal() {
    for (const std::string& name : names_) {
      FakeWorker& worker = world_.worker(name);
      worker.up = worker.stores_maps = worker.says_stored = true;
    }
    world_.pass(seconds(3));
    check();
    EXPECT_FALSE(world_.stopped()) << *world_.stopped();
    const MapVersion agreed = world_.worker("A").acts_on;
    EXPECT_FALSE(agreed.is_none());
    for (const std::string& name : names_) EXPECT_EQ(world_.worker(name).acts_on, agreed) << name;
  }

  std::size_t acknowledged() const { return acknowledged_.size(); }

 private:
  static Config config(std::uint32_t workers) {
    Config config = three_workers();
    config.workers = workers;
    config.partitions = 2;
    return config;
  }

  // A new broker, which some workers reach, of which some store what it says.
  void begin_round() {
    world_.restart_broker(rng_.next());
    proposed_.clear();
    for (const std::string& name : names_) {
      FakeWorker& worker = world_.worker(name);
      worker.up = !rng_.one_in(3);
      worker.stores_maps = !rng_.one_in(3);
      worker.says_stored = !rng_.one_in(6);
    }
    const std::size_t first = rng_.below(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      world_.hello(names_[(first + i) % names_.size()]);
    }
    if (rng_.one_in(2)) create_bucket();
  }

  void create_bucket() {
    const std::string name = fmt::format("b{}", ++buckets_);
    proposed_[buckets_] = name;
    note_answers(world_.ask("creator", to_broker(MessageKind::bucket_create, buckets_),
                            schema::encode(schema::BucketCreate{Bucket{.name = name}})));
  }

  void note_answers(const std::vector<Message>& replies) {
    for (const Message& reply : replies) {
      if (reply.envelope.kind != MessageKind::map) continue;
      acknowledged_.insert(proposed_.at(reply.envelope.request_id));
    }
  }

  void check() {
    note_answers(world_.take_replies("creator"));
    world_.take_transcript();
    const auto replies = world_.ask("reader", to_broker(MessageKind::client_hello),
                                    schema::encode(schema::ClientHello{}));
    if (replies.at(0).envelope.kind != MessageKind::map) return;
    const schema::ClusterMap map = map_of(replies.at(0));
    EXPECT_TRUE(cluster::validate(map));
    EXPECT_GE(map.version, newest_);
    newest_ = map.version;
    for (const std::string& name : acknowledged_) {
      EXPECT_NE(cluster::find_bucket(map, name), nullptr)
          << name << " is not in map " << show(map.version);
    }
  }

  Rng rng_;
  const std::vector<std::string> names_;
  World world_;
  std::uint64_t buckets_ = 0;
  std::map<std::uint64_t, std::string> proposed_;
  std::set<std::string> acknowledged_;
  MapVersion newest_;
};

TEST(RecoverySeeds, WhatWasAnsweredIsInEveryLaterMap) {
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 400 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Trial trial(seed);
    for (int step = 0; step < 150; ++step) trial.step();
    trial.heal();
    acknowledged += trial.acknowledged();
  }
  EXPECT_GT(acknowledged, 1000U) << "the seeds test too little";
}

}  // namespace
}  // namespace kipu::broker::test
