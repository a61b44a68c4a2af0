// How a cluster's first map comes in force.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BirthTest, GoesLikeThis) {
  World world;
  world.all_hello({"A", "B", "C"});
  EXPECT_THAT(world.take_transcript(),
              ElementsAre("A says hello with no map",                        //
                          "A gets welcome without a number, in force none",  //
                          "B says hello with no map",                        //
                          "B gets welcome without a number, in force none",  //
                          "C says hello with no map",                        //
                          "C gets welcome without a number, in force none",  //
                          "A gets map_store 1.1 of A B C",                   //
                          "A says map_stored 1.1",                           //
                          "B gets map_store 1.1 of A B C",                   //
                          "B says map_stored 1.1",                           //
                          "C gets map_store 1.1 of A B C",                   //
                          "C says map_stored 1.1",                           //
                          "A gets map_in_force 1.1",                         //
                          "B gets map_in_force 1.1",                         //
                          "C gets map_in_force 1.1"));
  EXPECT_EQ(world.worker("B").acts_on.epoch, 1U);
}

TEST(BirthTest, PlansNothingBeforeAllWorkersHaveSaidHello) {
  World world;
  world.all_hello({"A", "B", "A"});
  const auto replies =
      world.ask("c", to_broker(MessageKind::client_hello), schema::encode(schema::ClientHello{}));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(error_code(replies[0]), ErrorCode::unavailable);
  EXPECT_EQ(error_text(replies[0]), "waiting for 1 of 3 workers to be born: 2 have come");
  EXPECT_FALSE(world.worker("A").disk);
}

TEST(BirthTest, IsNotInForceBeforeAllWorkersHaveStoredIt) {
  World world;
  world.worker("B").stores_maps = false;
  world.all_hello({"A", "B", "C"});
  EXPECT_TRUE(world.worker("A").acts_on.is_none());
  const auto replies =
      world.ask("c", to_broker(MessageKind::client_hello), schema::encode(schema::ClientHello{}));
  EXPECT_THAT(error_text(replies.at(0)), HasSubstr("workers to store map 1.1: 2 of 3 have"));

  world.worker("B").stores_maps = true;
  world.pass(kHeartbeat);
  for (const char* name : {"A", "B", "C"}) EXPECT_EQ(world.worker(name).acts_on.epoch, 1U);
}

TEST(BirthTest, TakesAnotherWorkerWhereOneIsLostBeforeItIsComplete) {
  World world;
  world.worker("B").stores_maps = false;
  world.all_hello({"A", "B", "C"});
  world.worker("B").up = false;
  world.pass(seconds(2));
  EXPECT_TRUE(world.worker("A").acts_on.is_none());
  world.hello("D");
  EXPECT_EQ(world.worker("D").acts_on.generation, 2U);
  EXPECT_EQ(world.worker("A").acts_on, world.worker("D").acts_on);
  world.worker("B").up = true;
  world.hello("B");
  EXPECT_THAT(world.take_transcript(), Contains("B gets error unsupported"));
}

TEST(BirthTest, DoesNotCountAWorkerThatHasGone) {
  World world;
  world.hello("A");
  world.worker("A").up = false;
  world.pass(seconds(2));
  world.all_hello({"B", "C"});
  EXPECT_FALSE(world.worker("B").disk);
  world.worker("A").up = true;
  world.hello("A");
  EXPECT_EQ(world.worker("B").acts_on.epoch, 1U);
}

TEST(BirthTest, RefusesAnExtraWorkerAndNamesTheRemedy) {
  World world = born();
  world.hello("D");
  EXPECT_THAT(world.take_transcript(), Contains("D gets error unsupported"));
  EXPECT_THAT(world.take_log(), Contains(HasSubstr("start the worker over the directory")));
  EXPECT_FALSE(world.worker("D").disk);
}

TEST(BirthTest, RefusesAWorkerOfAnotherCluster) {
  World world;
  world.worker("A").cluster = kOtherCluster;
  world.hello("A");
  EXPECT_THAT(world.take_transcript(),
              ElementsAre("A says hello with no map", "A gets error wrong_cluster"));
}

TEST(BirthTest, RefusesAMapThatIsNone) {
  World world;
  world.worker("A").disk = schema::ClusterMap{};
  world.worker("A").disk->cluster = kCluster;
  world.hello("A");
  EXPECT_THAT(world.take_transcript(), Contains("A gets error invalid_argument"));
}

TEST(BirthTest, NumbersWorkersInTheOrderOfTheirHellos) {
  World world;
  world.all_hello({"C", "A", "B"});
  const schema::ClusterMap& map = *world.worker("A").disk;
  EXPECT_EQ(map.workers.at(0).store, world.worker("C").store);
  EXPECT_EQ(map.workers.at(1).store, world.worker("A").store);
  EXPECT_EQ(map.workers.at(2).store, world.worker("B").store);
}

TEST(BirthTest, OfOneWorkerIsABirth) {
  Config config = three_workers();
  config.workers = 1;
  config.partitions = 1;
  World world(config);
  world.hello("A");
  EXPECT_EQ(world.worker("A").acts_on.epoch, 1U);
}

TEST(CheckConfigTest, RefusesWhatIsOutOfRange) {
  EXPECT_TRUE(check_config(three_workers()));
  Config config = three_workers();
  config.replicas = 3;
  EXPECT_TRUE(check_config(config));
  config.replicas = 4;
  EXPECT_EQ(check_config(config).error().code, ErrorCode::invalid_argument);
  config.replicas = 0;
  EXPECT_EQ(check_config(config).error().code, ErrorCode::invalid_argument);
  config = three_workers();
  config.partitions = 3;
  EXPECT_EQ(check_config(config).error().code, ErrorCode::invalid_argument);
  config = three_workers();
  config.workers = 0;
  EXPECT_FALSE(check_config(config));
  config = three_workers();
  config.cluster = {};
  EXPECT_FALSE(check_config(config));
}

}  // namespace
}  // namespace kipu::broker::test
