// Brokers die at any moment, one after the other, workers come and go, and store what they are
// given or do not. What was answered must be in every later map, and once all is well again the
// cluster must find to one map.
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

const std::vector<std::string> kNames = {"A", "B", "C", "D", "E"};

class Trial {
 public:
  explicit Trial(std::uint32_t workers)
      : names_(kNames.begin(), kNames.begin() + workers), world_(config(workers), 1) {}

  void step() {
    const std::string name = *rc::gen::elementOf(names_);
    FakeWorker& worker = world_.worker(name);
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
      case 1:
        world_.restart_broker(++seed_);
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
        world_.pass(kHeartbeat * *rc::gen::inRange(1, 6));
        break;
      case 6:
        create_bucket();
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
    RC_ASSERT(!world_.stopped());
    const MapVersion agreed = world_.worker("A").acts_on;
    RC_ASSERT(!agreed.is_none());
    for (const std::string& name : names_) RC_ASSERT(world_.worker(name).acts_on == agreed);
  }

 private:
  static Config config(std::uint32_t workers) {
    Config config = three_workers();
    config.workers = workers;
    config.partitions = 2;
    return config;
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
    RC_ASSERT(cluster::validate(map));
    RC_ASSERT(map.version >= newest_);
    newest_ = map.version;
    for (const std::string& name : acknowledged_) {
      if (cluster::find_bucket(map, name) == nullptr) {
        for (const std::string& line : world_.take_log()) RC_LOG() << line << "\n";
        RC_LOG() << name << " is lost\n";
      }
      RC_ASSERT(cluster::find_bucket(map, name) != nullptr);
    }
  }

  const std::vector<std::string> names_;
  World world_;
  std::uint64_t seed_ = 1;
  std::uint64_t buckets_ = 0;
  std::map<std::uint64_t, std::string> proposed_;
  std::set<std::string> acknowledged_;
  MapVersion newest_;
};

RC_GTEST_PROP(RecoveryProperty, WhatWasAnsweredIsInEveryLaterMap, ()) {
  Trial trial(*rc::gen::inRange<std::uint32_t>(1, 6));
  const int steps = *rc::gen::inRange(1, 200);
  for (int step = 0; step < steps; ++step) trial.step();
  trial.heal();
}

}  // namespace
}  // namespace kipu::broker::test
