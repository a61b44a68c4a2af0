// A worker and its broker: hello, heartbeats, and the cluster map.
#include <algorithm>
#include <vector>

#include "tests/worker/machine_harness.h"

namespace kipu::worker::test {
namespace {

class WorkerMembershipTest : public MachineTest {
 protected:
  MapVersion acts_on() {
    pass(config_.heartbeat);
    tick();
    const MapVersion acts_on = only<schema::Heartbeat>(MessageKind::heartbeat).in_force;
    receive(MessageKind::heartbeat_reply, last_id(),
            schema::HeartbeatReply{.echo = {}, .known = true, .in_force = {}});
    return acts_on;
  }
  void beat_and_answer(const schema::HeartbeatReply& answer) {
    pass(config_.heartbeat);
    tick();
    only<schema::Heartbeat>(MessageKind::heartbeat);
    receive(MessageKind::heartbeat_reply, last_id(), answer);
  }
};

TEST_F(WorkerMembershipTest, SaysHelloUntilItIsWelcomedThenSendsHeartbeats) {
  config_.zone = "rack1";
  tick();
  const auto hello = only<schema::WorkerHello>(MessageKind::worker_hello);
  EXPECT_EQ(hello.store, kStore);
  EXPECT_EQ(hello.zone, "rack1");
  EXPECT_TRUE(hello.cluster.is_none());
  EXPECT_FALSE(hello.map.has_value());

  pass(config_.heartbeat * config_.missed_heartbeats);
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
  receive(MessageKind::worker_welcome, last_id(), schema::WorkerWelcome{kCluster, {}, {}});

  tick();
  const auto heartbeat = only<schema::Heartbeat>(MessageKind::heartbeat);
  EXPECT_EQ(heartbeat.sent, now_.instant);
  EXPECT_EQ(heartbeat.health.wall, now_.wall);
  EXPECT_TRUE(heartbeat.in_force.is_none());
  EXPECT_EQ(machine().next_tick(), now_.instant + config_.heartbeat);
}

TEST_F(WorkerMembershipTest, TakesNoNoticeOfAWelcomeThatAnswersNoHello) {
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
  receive(MessageKind::worker_welcome, last_id() + 1, schema::WorkerWelcome{kCluster, {}, {}});
  pass(config_.heartbeat * config_.missed_heartbeats);
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
}

TEST_F(WorkerMembershipTest, SaysHelloAnewAfterMissedHeartbeats) {
  say_welcome();
  for (std::uint32_t beat = 0; beat < config_.missed_heartbeats; ++beat) {
    pass(config_.heartbeat);
    tick();
    only<schema::Heartbeat>(MessageKind::heartbeat);
  }
  pass(config_.heartbeat);
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
}

TEST_F(WorkerMembershipTest, GoesOnWithHeartbeatsWhileTheyAreAnswered) {
  say_welcome();
  for (int beat = 0; beat < 10; ++beat) {
    beat_and_answer({.echo = {}, .known = true, .in_force = {}});
  }
}

TEST_F(WorkerMembershipTest, SaysHelloAtOnceToABrokerThatDoesNotKnowIt) {
  say_welcome();
  beat_and_answer({.echo = {}, .known = false, .in_force = {}});
  EXPECT_LE(machine().next_tick(), now_.instant);
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
  // A second such answer, of a heartbeat from before, does not repeat the hello.
  receive(MessageKind::heartbeat_reply, 1, schema::HeartbeatReply{});
  tick();
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerMembershipTest, SavesAMapBeforeItSaysThatItIsStored) {
  say_welcome();
  receive(MessageKind::map_store, 9, make_map(1));
  EXPECT_TRUE(sent().empty());
  ASSERT_EQ(effects_.save_maps.size(), 1U);
  EXPECT_EQ(effects_.save_maps[0].cluster, kCluster);
  EXPECT_EQ(schema::decode<schema::ClusterMap>(effects_.save_maps[0].map), make_map(1));

  machine().on_map_saved(now_, version(1), {}, effects_);
  EXPECT_EQ(only<schema::MapStored>(MessageKind::map_stored).version, version(1));
  EXPECT_EQ(last_id(), 9U);
}

TEST_F(WorkerMembershipTest, ActsOnAMapOnlyOnceItIsOnDiskAndInForce) {
  say_welcome();
  receive(MessageKind::map_store, 9, make_map(1));
  receive(MessageKind::map_in_force, 10, schema::MapStored{version(1)});
  EXPECT_TRUE(acts_on().is_none());
  machine().on_map_saved(now_, version(1), {}, effects_);
  only<schema::MapStored>(MessageKind::map_stored);
  EXPECT_EQ(acts_on(), version(1));

  receive(MessageKind::map_store, 11, make_map(2));
  machine().on_map_saved(now_, version(2), {}, effects_);
  only<schema::MapStored>(MessageKind::map_stored);
  EXPECT_EQ(acts_on(), version(1));
  beat_and_answer({.echo = {}, .known = true, .in_force = version(2)});
  EXPECT_EQ(acts_on(), version(2));
}

TEST_F(WorkerMembershipTest, ActsAfterARestartOnItsSavedMapOnceTheWelcomeNamesIt) {
  info_.cluster = kCluster;
  info_.map = std::string(schema::encode(make_map(3)).view());
  tick();
  const auto hello = only<schema::WorkerHello>(MessageKind::worker_hello);
  EXPECT_EQ(hello.cluster, kCluster);
  EXPECT_EQ(hello.map, make_map(3));
  receive(MessageKind::worker_welcome, last_id(),
          schema::WorkerWelcome{kCluster, WorkerId{1}, version(3)});
  EXPECT_EQ(acts_on(), version(3));
}

TEST_F(WorkerMembershipTest, AnswersAnOldMapWithTheNewestThatItHas) {
  serve(2);
  receive(MessageKind::map_store, 60, make_map(1));
  EXPECT_TRUE(effects_.save_maps.empty());
  EXPECT_EQ(only<schema::MapStored>(MessageKind::map_stored).version, version(2));
  receive(MessageKind::map_in_force, 61, schema::MapStored{version(1)});
  EXPECT_EQ(acts_on(), version(2));
}

TEST_F(WorkerMembershipTest, SavesAMapOnceThatIsSentTwice) {
  say_welcome();
  receive(MessageKind::map_store, 9, make_map(1));
  receive(MessageKind::map_store, 10, make_map(1));
  EXPECT_EQ(effects_.save_maps.size(), 1U);
  machine().on_map_saved(now_, version(1), {}, effects_);
  only<schema::MapStored>(MessageKind::map_stored);
  EXPECT_EQ(last_id(), 10U);
}

TEST_F(WorkerMembershipTest, RefusesAMapOfAnotherClusterOrOneThatIsNone) {
  serve();
  auto foreign = make_map(2);
  foreign.cluster = ClusterId{Uuid{2, 2}};
  receive(MessageKind::map_store, 9, foreign);
  EXPECT_EQ(only_error(), ErrorCode::wrong_cluster);
  auto broken = make_map(2);
  broken.placement[0] = {WorkerId{77}};
  receive(MessageKind::map_store, 9, broken);
  EXPECT_EQ(only_error(), ErrorCode::invalid_argument);
  EXPECT_TRUE(effects_.save_maps.empty());
}

TEST_F(WorkerMembershipTest, StopsWithARemedyWhenTheBrokerIsOfAnotherCluster) {
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
  receive(MessageKind::error, last_id(),
          schema::ErrorReply{{ErrorCode::wrong_cluster, "the broker is of cluster 2"}});
  ASSERT_TRUE(effects_.stop.has_value());
  EXPECT_EQ(effects_.stop->code, ErrorCode::wrong_cluster);
  EXPECT_THAT(effects_.stop->message, ::testing::HasSubstr("connect the worker to its own broker"));
  EXPECT_EQ(machine().next_tick(), Instant::never());
}

TEST_F(WorkerMembershipTest, StopsWhenAWelcomeNamesAnotherCluster) {
  info_.cluster = ClusterId{Uuid{4, 4}};
  say_welcome();
  ASSERT_TRUE(effects_.stop.has_value());
  EXPECT_EQ(effects_.stop->code, ErrorCode::wrong_cluster);
}

TEST_F(WorkerMembershipTest, AsksAgainWhenItsHelloIsRefusedForNow) {
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
  receive(MessageKind::error, last_id(), schema::ErrorReply{{ErrorCode::unavailable, "later"}});
  EXPECT_FALSE(effects_.stop.has_value());
  pass(config_.heartbeat * config_.missed_heartbeats);
  tick();
  only<schema::WorkerHello>(MessageKind::worker_hello);
}

TEST_F(WorkerMembershipTest, StopsAtItsFirstEventIfTheSavedMapDoesNotDecode) {
  info_.map = "garbage";
  tick();
  ASSERT_TRUE(effects_.stop.has_value());
  EXPECT_EQ(effects_.stop->code, ErrorCode::corrupt);
  EXPECT_TRUE(effects_.to_broker.empty());
}

TEST_F(WorkerMembershipTest, StopsWhenAMapCannotBeSaved) {
  say_welcome();
  receive(MessageKind::map_store, 9, make_map(1));
  machine().on_map_saved(now_, version(1), fail(ErrorCode::io_error, "no"), effects_);
  EXPECT_TRUE(effects_.stop.has_value());
  EXPECT_TRUE(effects_.to_broker.empty());
}

// The first map came in force, and a second one before the worker could act on it.
TEST_F(WorkerMembershipTest, IsBornWholeWhereItHasStoredTheFirstMap) {
  say_welcome();
  auto map = make_map(1);
  map.replicas = 2;
  for (std::uint64_t epoch = 1; epoch <= 2; ++epoch) {
    receive(MessageKind::map_store, epoch, map);
    machine().on_map_saved(now_, version(epoch), {}, effects_);
    map.previous = std::exchange(map.version, version(epoch + 1));
  }
  ASSERT_TRUE(effects_.save_wholeness.has_value());
  EXPECT_EQ(effects_.save_wholeness->whole,
            (storage::Wholeness{storage::Wholeness::Kind::all_but, {}}));
  receive(MessageKind::map_in_force, 9, schema::MapStored{version(2)});
  sent();
  pass(milliseconds(300));
  tick();
  EXPECT_EQ(only<schema::Heartbeat>(MessageKind::heartbeat).health.not_whole, 0U);
}

TEST_F(WorkerMembershipTest, TellsItsHealthInHeartbeats) {
  serve();
  machine().on_stats(now_, {.entries_estimate = 5, .disk_bytes = 6, .free_bytes = 1U << 30U},
                     effects_);
  append(1, {append_of(key_of(true))});
  pass(milliseconds(300));
  tick();
  const auto health = only<schema::Heartbeat>(MessageKind::heartbeat).health;
  EXPECT_EQ(health.entries_estimate, 5U);
  EXPECT_EQ(health.disk_bytes, 6U);
  EXPECT_EQ(health.free_bytes, 1U << 30U);
  EXPECT_GT(health.pending_bytes, 0U);
  EXPECT_EQ(health.commit_microseconds, 300'000U);
}

// Where nobody writes, no quick commit takes its place: the worker was not slow for ever.
TEST_F(WorkerMembershipTest, ForgetsASlowCommit) {
  serve();
  append(1, {append_of(key_of(true))});
  const auto slow = commit();
  ASSERT_TRUE(slow.has_value());
  pass(milliseconds(800));
  finish(*slow);
  std::vector<std::uint64_t> told;
  for (int heartbeat = 0; heartbeat < 50; ++heartbeat) {
    grant(1);
    sent();
    pass(milliseconds(250));
    tick();
    told.push_back(only<schema::Heartbeat>(MessageKind::heartbeat).health.commit_microseconds);
  }
  const auto forgotten = std::ranges::find(told, 0U);
  EXPECT_EQ(forgotten - told.begin(), 39);  // ten seconds
  EXPECT_EQ(std::ranges::count(told, 800'000U), 39);
  EXPECT_EQ(std::ranges::count(told, 0U), 11);
}

}  // namespace
}  // namespace kipu::worker::test
