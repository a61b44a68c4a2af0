// What is different where partitions have several replicas: whom a request goes to, and how workers
// learn where the others are.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint32_t kPartition = 5;

std::string name_of(const schema::ClusterMap& map, WorkerId id) {
  const StoreId store = cluster::find_worker(map, id)->store;
  return std::string(1, static_cast<char>(store.id.low));
}

// The names of the workers that replicate the partition, in order.
std::vector<std::string> replicas(World& world) {
  const schema::ClusterMap& map = *world.worker("A").disk;
  std::vector<std::string> names;
  for (const WorkerId id : map.placement[kPartition]) names.push_back(name_of(map, id));
  return names;
}

// Who gets a request for the partition; empty if nobody does.
std::string taker(World& world, MessageKind kind) {
  world.ask("c", to_partition(kind, kPartition));
  for (const char* name : {"A", "B", "C"}) {
    if (std::exchange(world.worker(name).requests, {}).size() == 1) return name;
  }
  return {};
}

void fall_silent(World& world, const std::string& name) {
  world.worker(name).up = false;
  world.pass(kHeartbeat * 5);
  world.take_replies("c");
}

TEST(ReplicasTest, EachPartitionHasAsManyAsTheClusterWasMadeFor) {
  World world = born_with_replicas(2);
  for (const schema::Replicas& placed : world.worker("A").disk->placement) {
    EXPECT_EQ(placed.size(), 2U);
  }
  EXPECT_EQ(world.worker("A").disk->replicas, 2U);
}

TEST(ReplicasTest, TheFirstThatLivesTakesARequest) {
  World world = born_with_replicas(3);
  const auto order = replicas(world);
  EXPECT_EQ(taker(world, MessageKind::page), order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[0]);
  fall_silent(world, order[0]);
  EXPECT_EQ(taker(world, MessageKind::page), order[1]);
  fall_silent(world, order[1]);
  EXPECT_EQ(taker(world, MessageKind::append), order[2]);
  fall_silent(world, order[2]);
  EXPECT_EQ(error_code(world.ask("c", to_partition(MessageKind::append, kPartition)).at(0)),
            ErrorCode::unavailable);
}

TEST(ReplicasTest, OneThatIsBackTakesRequestsAgain) {
  World world = born_with_replicas(2);
  const auto order = replicas(world);
  fall_silent(world, order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[1]);
  world.worker(order[0]).up = true;
  world.heartbeat(order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[0]);
}

TEST(ReplicasTest, AWorkerThatIsNamedAndSuspectIsNotReplacedByAnother) {
  World world = born_with_replicas(3);
  fall_silent(world, "B");
  EXPECT_EQ(error_code(world.ask("c", to_worker(MessageKind::append, 2)).at(0)),
            ErrorCode::unavailable);
}

TEST(ReplicasTest, OneThatLagsIsPassedOver) {
  World world = born_with_replicas(3);
  const auto order = replicas(world);
  world.worker(order[0]).health.commit_microseconds = 500'000;
  world.heartbeat(order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[1]);
  EXPECT_EQ(taker(world, MessageKind::page), order[1]);
  world.worker(order[0]).health.commit_microseconds = 499'999;
  world.heartbeat(order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[0]);
}

TEST(ReplicasTest, WhereAllLagTheFirstTakesARequest) {
  World world = born_with_replicas(3);
  for (const std::string& name : replicas(world)) {
    world.worker(name).health.commit_microseconds = 2'000'000;
    world.heartbeat(name);
  }
  EXPECT_EQ(taker(world, MessageKind::append), replicas(world)[0]);
}

void lag(World& world, const std::string& name) {
  world.worker(name).health.commit_microseconds = 500'000;
  world.heartbeat(name);
}

// Whether an append addressed to B, the second worker, reaches it. If not, it was not forwarded.
bool reaches_b(World& world, MessageKind kind = MessageKind::append) {
  const auto replies = world.ask("c", to_worker(kind, 2));
  const bool taken = std::exchange(world.worker("B").requests, {}).size() == 1;
  if (!taken) {
    EXPECT_EQ(error_code(replies.at(0)), ErrorCode::unavailable);
  }
  return taken;
}

TEST(LaggingTest, OneTakesNoBatchesWhileOthersDoNotLag) {
  World world = born_with_replicas(3);
  EXPECT_TRUE(reaches_b(world));
  lag(world, "B");
  EXPECT_FALSE(reaches_b(world));
  EXPECT_TRUE(reaches_b(world, MessageKind::keys));
  world.worker("B").health.commit_microseconds = 499'999;
  world.heartbeat("B");
  EXPECT_TRUE(reaches_b(world));
}

TEST(LaggingTest, OneTakesBatchesWhereAllLag) {
  World world = born_with_replicas(3);
  lag(world, "B");
  lag(world, "A");
  EXPECT_FALSE(reaches_b(world));
  lag(world, "C");
  EXPECT_TRUE(reaches_b(world));
}

TEST(LaggingTest, OneTakesBatchesWhereTheOthersAreDownOrFull) {
  World world = born_with_replicas(3);
  lag(world, "B");
  fall_silent(world, "A");
  world.worker("C").health.read_only = true;
  world.heartbeat("C");
  EXPECT_TRUE(reaches_b(world));
}

TEST(LaggingTest, OneTakesBatchesWhereItHasAnyPartitionForItself) {
  World alone = born_with_replicas(1);
  lag(alone, "B");
  EXPECT_TRUE(reaches_b(alone));
  World world = born_with_replicas(2);
  lag(world, "B");
  EXPECT_FALSE(reaches_b(world));
  lag(world, "C");  // with which B shares partitions that A has no part in
  EXPECT_TRUE(reaches_b(world));
}

TEST(ReplicasTest, OneWithAFullDiskTakesReadsOnly) {
  World world = born_with_replicas(3);
  const auto order = replicas(world);
  world.worker(order[0]).health.read_only = true;
  world.heartbeat(order[0]);
  EXPECT_EQ(taker(world, MessageKind::append), order[1]);
  EXPECT_EQ(taker(world, MessageKind::page), order[0]);
  fall_silent(world, order[1]);
  fall_silent(world, order[2]);
  EXPECT_EQ(taker(world, MessageKind::append), order[0]);
}

TEST(ReplicasTest, OneThatLagsIsBetterForAnAppendThanOneWithAFullDisk) {
  World world = born_with_replicas(2);
  const auto order = replicas(world);
  world.worker(order[0]).health.read_only = true;
  world.worker(order[1]).health.commit_microseconds = 600'000;
  world.heartbeat(order[0]);
  world.heartbeat(order[1]);
  EXPECT_EQ(taker(world, MessageKind::append), order[1]);
}

TEST(ReplicasTest, OneThatLacksPartitionsTakesAppendsOnly) {
  World world = born_with_replicas(3);
  const auto order = replicas(world);
  world.worker(order[0]).health.not_whole = 4;
  world.heartbeat(order[0]);
  EXPECT_EQ(taker(world, MessageKind::count), order[1]);
  EXPECT_EQ(taker(world, MessageKind::append), order[0]);
}

TEST(ReplicasTest, StatusPassesOnWhatWorkersSayOfThemselves) {
  World world = born_with_replicas(3);
  WorkerHealth& health = world.worker("B").health;
  health.not_whole = 3;
  health.why_not_whole = "waiting for w3";
  health.lags = {{WorkerId{1}, 12, milliseconds(40)}, {WorkerId{3}, 900, seconds(7)}};
  world.heartbeat("B");
  const auto replies = world.ask("c", to_broker(MessageKind::status));
  const auto status = schema::decode<ClusterStatus>(replies.at(0).body.view());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->replicas, 3U);
  EXPECT_EQ(status->workers.at(1).health, health);
}

// Addresses.

const schema::Endpoints kElsewhere{"tcp://b:1", "tcp://b:2"};

const schema::Endpoints& endpoints_in_map(World& world, const std::string& of,
                                          const std::string& as_known_by) {
  return cluster::find_worker(*world.worker(as_known_by).disk, world.worker(of).store)->endpoints;
}

TEST(AddressesTest, AreInTheFirstMap) {
  World world(three_workers());
  world.worker("B").endpoints = kElsewhere;
  world.all_hello({"A", "B", "C"});
  EXPECT_EQ(endpoints_in_map(world, "B", "A"), kElsewhere);
}

TEST(AddressesTest, ThatAreOthersMakeANewMap) {
  World world = born_with_replicas(3);
  const MapVersion before = world.worker("A").acts_on;
  world.worker("B").endpoints = kElsewhere;
  world.hello("B");
  for (const char* name : {"A", "B", "C"}) {
    EXPECT_EQ(endpoints_in_map(world, "B", name), kElsewhere);
    EXPECT_EQ(world.worker(name).acts_on.epoch, before.epoch + 1);
    EXPECT_EQ(world.worker(name).disk->previous, before);
  }
}

TEST(AddressesTest, ThatStayedMakeNone) {
  World world = born_with_replicas(3);
  const MapVersion before = world.worker("A").acts_on;
  world.hello("B");
  EXPECT_EQ(world.worker("A").acts_on, before);
  EXPECT_THAT(world.take_transcript(), Not(Contains(::testing::HasSubstr("map_store "))));
}

TEST(AddressesTest, ThatChangeWhileAMapIsProposedComeWithTheNext) {
  World world = born_with_replicas(3);
  for (const char* name : {"A", "B", "C"}) world.worker(name).says_stored = false;
  schema::BucketCreate create;
  create.bucket.name = "b";
  world.ask("c", to_broker(MessageKind::bucket_create), schema::encode(create));
  world.worker("B").endpoints = kElsewhere;
  world.hello("B");
  for (const char* name : {"A", "B", "C"}) world.worker(name).says_stored = true;
  world.pass(seconds(1));
  EXPECT_EQ(world.take_replies("c").size(), 1U);
  EXPECT_EQ(endpoints_in_map(world, "B", "A"), kElsewhere);
  EXPECT_NE(cluster::find_bucket(*world.worker("A").disk, "b"), nullptr);
}

TEST(AddressesTest, OfAWholeClusterThatMovedComeInForceAfterTheBrokersStart) {
  World world = born_with_replicas(3);
  world.restart_broker(2);
  for (const char* name : {"A", "B", "C"}) {
    world.worker(name).endpoints = {std::string("tcp://new:") + name, "tcp://new:2"};
  }
  world.all_hello({"A", "B", "C"});
  world.pass(seconds(1));
  for (const char* name : {"A", "B", "C"}) {
    EXPECT_EQ(endpoints_in_map(world, name, "C"), world.worker(name).endpoints);
    EXPECT_EQ(world.worker(name).acts_on, world.worker(name).holds());
  }
}

}  // namespace
}  // namespace kipu::broker::test
