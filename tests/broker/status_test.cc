// What a broker answers who asks how the cluster does before a map is in force, and what of its
// supervisor it passes on.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::HasSubstr;

Lines workers_of(const ClusterStatus& status) {
  Lines lines;
  for (const WorkerStatus& worker : status.workers) {
    lines.push_back(fmt::format("{} {}", worker.id.to_string(),
                                worker.liveness == Liveness::alive     ? "alive"
                                : worker.liveness == Liveness::suspect ? "suspect"
                                                                       : "never seen"));
  }
  return lines;
}

TEST(StatusTest, IsAnsweredBeforeAnyWorkerHasCome) {
  World world;
  const ClusterStatus status = status_of(world);
  EXPECT_EQ(status.cluster, kCluster);
  EXPECT_EQ(status.phase, ClusterPhase::starting);
  EXPECT_EQ(status.expected_workers, 3U);
  EXPECT_EQ(status.waiting_for, "its 3 workers: none has come");
  EXPECT_TRUE(status.in_force.is_none());
  EXPECT_TRUE(status.wanted.is_none());
  EXPECT_TRUE(status.workers.empty());
}

TEST(StatusTest, SaysAtABirthWhoHasCome) {
  World world;
  world.hello("A");
  ClusterStatus status = status_of(world);
  EXPECT_EQ(status.phase, ClusterPhase::birth);
  EXPECT_EQ(status.waiting_for, "2 of 3 workers to be born: 1 has come");
  ASSERT_EQ(status.workers.size(), 1U);
  EXPECT_EQ(status.workers[0].store, world.worker("A").store);
  EXPECT_EQ(status.workers[0].liveness, Liveness::alive);

  world.hello("B");
  status = status_of(world);
  EXPECT_EQ(status.waiting_for, "1 of 3 workers to be born: 2 have come");
  EXPECT_EQ(status.workers.size(), 2U);
}

TEST(StatusTest, ForgetsAtABirthWhoHasGone) {
  World world;
  world.hello("A");
  world.worker("A").up = false;
  world.pass(seconds(2));
  EXPECT_EQ(status_of(world).phase, ClusterPhase::starting);
}

TEST(StatusTest, SaysWhoHasStoredAProposedMap) {
  World world;
  world.worker("B").stores_maps = false;
  world.all_hello({"A", "B", "C"});
  const ClusterStatus status = status_of(world);
  EXPECT_EQ(status.phase, ClusterPhase::storing);
  EXPECT_EQ(status.waiting_for, "workers to store map 1.1: 2 of 3 have");
  EXPECT_EQ(status.wanted, world.worker("A").disk->version);
  EXPECT_EQ(workers_of(status), (Lines{"w1 alive", "w2 alive", "w3 alive"}));
}

TEST(StatusTest, NamesAtARestartWhoHasComeAndWhoHasNot) {
  World world = born();
  const MapVersion before = world.worker("A").disk->version;
  world.restart_broker(2);
  EXPECT_EQ(status_of(world).phase, ClusterPhase::starting);
  world.hello("A");
  const ClusterStatus status = status_of(world);
  EXPECT_EQ(status.phase, ClusterPhase::recovery);
  EXPECT_EQ(status.wanted, before);
  EXPECT_EQ(status.waiting_for,
            "a majority of the 3 workers of map 1.1: w1 has come, w2, w3 have not");
  EXPECT_EQ(workers_of(status), (Lines{"w1 alive", "w2 never seen", "w3 never seen"}));
  EXPECT_EQ(status.workers[1].store, world.worker("B").store);
  EXPECT_EQ(status.partitions, 8U);

  world.hello("C");
  EXPECT_EQ(status_of(world).phase, ClusterPhase::in_force);
}

TEST(StatusTest, ShowsAtARestartStrangersBesideThoseThatAreAwaited) {
  World world = born();
  world.restart_broker(2);
  world.lose_disk("B", 'b');
  world.all_hello({"A", "B"});
  const ClusterStatus status = status_of(world);
  EXPECT_EQ(workers_of(status), (Lines{"w1 alive", "w2 never seen", "w3 never seen", "w0 alive"}));
  EXPECT_EQ(status.workers[3].store, world.worker("B").store);
}

TEST(StatusTest, SaysWhoHasComeWithoutTheMap) {
  World world = born();
  world.ask("c", to_broker(MessageKind::bucket_create),
            schema::encode(schema::BucketCreate{Bucket{.name = "logs"}}));
  world.restart_broker(2);
  world.worker("B").disk.reset();
  world.all_hello({"A", "B"});
  EXPECT_EQ(
      status_of(world).waiting_for,
      "a majority of the 3 workers of map 1.2: w1 has come, w2 has come without a map, w3 has "
      "not");
}

TEST(StatusTest, DoesNotNameHundredsInOneSentence) {
  Config config = three_workers();
  config.workers = 20;
  World world(config);
  Lines names;
  for (char name = 'A'; name < 'A' + 20; ++name) names.emplace_back(1, name);
  world.all_hello(names);
  world.restart_broker(2);
  world.hello("A");
  EXPECT_THAT(status_of(world).waiting_for, HasSubstr("w13 and 7 more have not"));
}

TEST(StatusTest, PassesOnWhatASupervisorSays) {
  World world;
  EXPECT_EQ(status_of(world).processes, "");
  world.broker().on_processes("not looked into: \xff");
  EXPECT_EQ(status_of(world).processes, "not looked into: \xff");
  world.broker().on_processes(std::string(limits::kMaxProcessesBytes + 1, 'x'));
  EXPECT_EQ(status_of(world).processes, "");
  world.broker().on_processes("");
  EXPECT_EQ(status_of(world).processes, "");
}

}  // namespace
}  // namespace kipu::broker::test
