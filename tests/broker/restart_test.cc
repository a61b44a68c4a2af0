// How a broker that starts finds the map in the workers' stores.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Message> ask_for_map(World& world) {
  return world.ask("c", to_broker(MessageKind::client_hello),
                   schema::encode(schema::ClientHello{}));
}

void create_bucket(World& world, const std::string& name) {
  world.ask("c", to_broker(MessageKind::bucket_create),
            schema::encode(schema::BucketCreate{Bucket{.name = name}}));
}

// All three said hello, only A has stored the first map, and the broker is another one.
World with_a_first_map_at_one() {
  World world;
  for (const char* name : {"B", "C"}) world.worker(name).stores_maps = false;
  world.all_hello({"A", "B", "C"});
  for (const char* name : {"B", "C"}) world.worker(name).stores_maps = true;
  world.restart_broker(2);
  return world;
}

TEST(RestartTest, GoesLikeThis) {
  World world = born();
  world.restart_broker(2);
  world.all_hello({"A", "B", "C"});
  EXPECT_THAT(world.take_transcript(),
              ElementsAre("the broker restarts",                             //
                          "A says hello with map 1.1",                       //
                          "A gets welcome without a number, in force none",  //
                          "B says hello with map 1.1",                       //
                          "B gets welcome without a number, in force none",  //
                          "A gets map_store 2.2 of A B C",                   //
                          "A says map_stored 2.2",                           //
                          "B gets map_store 2.2 of A B C",                   //
                          "B says map_stored 2.2",                           //
                          "A gets map_in_force 2.2",                         //
                          "B gets map_in_force 2.2",                         //
                          "C says hello with map 1.1",                       //
                          "C gets welcome w3, in force 2.2",                 //
                          "C gets map_store 2.2 of A B C",                   //
                          "C says map_stored 2.2",                           //
                          "C gets map_in_force 2.2"));
  EXPECT_EQ(map_of(ask_for_map(world).at(0)).version, world.worker("C").acts_on);
}

TEST(RestartTest, NumbersItsMapsAboveAnyThatABrokerCouldHaveMade) {
  World world = born();
  const schema::MapStored made_up{MapVersion{UINT64_MAX, 1, 1}};
  world.send("A", MessageKind::map_stored, 5, schema::encode(made_up));
  world.hello("A");
  schema::ClusterMap& map = *world.worker("B").disk;
  map.version = MapVersion{5, 9, 2};  // of a broker that reached nobody else
  world.hello("B");
  EXPECT_EQ(world.worker("B").acts_on.generation, 6U);
  map.version.generation = UINT64_MAX;
  world.hello("B");
  EXPECT_THAT(world.take_transcript(), Contains("B gets error invalid_argument"));
}

TEST(RestartTest, WaitsForAMajority) {
  World world = born();
  world.restart_broker(2);
  world.hello("B");
  EXPECT_EQ(error_text(ask_for_map(world).at(0)),
            "waiting for a majority of the 3 workers of map 1.1: w2 has come, w1, w3 have not");
}

TEST(RestartTest, ToldByAHeartbeatThatItIsUnknownAWorkerSaysHello) {
  World world = born();
  world.restart_broker(2);
  world.pass(kHeartbeat);
  EXPECT_EQ(world.worker("A").acts_on.generation, 2U);
  EXPECT_EQ(world.worker("C").acts_on, world.worker("A").acts_on);
}

TEST(RestartTest, DoesNotCountStoresThatTheMapDoesNotName) {
  World world = born();
  world.restart_broker(2);
  world.lose_disk("B", 'b');
  world.lose_disk("C", 'c');
  world.all_hello({"A", "B", "C"});
  EXPECT_THAT(error_text(ask_for_map(world).at(0)), HasSubstr("w1 has come, w2, w3 have not"));
}

TEST(RestartTest, RefusesAnEmptiedStoreOnceTheMapIsInForce) {
  World world = born();
  world.restart_broker(2);
  world.lose_disk("C", 'c');
  world.all_hello({"C", "A", "B"});
  world.take_transcript();
  world.pass(kHeartbeat);
  EXPECT_THAT(world.take_transcript(), Contains("C gets error unsupported"));
  EXPECT_EQ(map_of(ask_for_map(world).at(0)).workers.size(), 3U);
}

TEST(RestartTest, CompletesABirthThatAllHadStored) {
  World world;
  world.worker("C").stores_maps = false;
  world.all_hello({"A", "B", "C"});
  world.restart_broker(2);
  world.worker("C").stores_maps = true;
  world.all_hello({"A", "B"});
  // C may have stored the first map and be gone, so it may have been in force.
  EXPECT_EQ(world.worker("A").acts_on.generation, 2U);
  world.hello("C");
  EXPECT_EQ(world.worker("C").acts_on, world.worker("A").acts_on);
}

TEST(RestartTest, GivesBirthAnewWhereOneWorkerHadNotStoredTheFirstMap) {
  World world = with_a_first_map_at_one();
  world.all_hello({"C", "A"});
  EXPECT_EQ(error_text(ask_for_map(world).at(0)),
            "waiting for 1 of 3 workers to be born: 2 have come");
  world.hello("D");  // B never comes back
  EXPECT_EQ(world.worker("A").acts_on.epoch, 1U);
  EXPECT_EQ(world.worker("A").acts_on, world.worker("D").acts_on);
}

// Made from a map that they never had, theirs would tell them that they came late.
TEST(RestartTest, GivesBirthToTheSameWorkersWhereSomeHadNotStoredTheFirstMap) {
  World world = with_a_first_map_at_one();
  world.all_hello({"C", "A", "B"});
  const schema::ClusterMap map = map_of(ask_for_map(world).at(0));
  EXPECT_EQ(map.version.epoch, 1U);
  EXPECT_TRUE(map.previous.is_none());
  EXPECT_EQ(world.worker("B").acts_on, map.version);
}

// What only they had stored, the one that lost its disk cannot tell any more.
TEST(RestartTest, CountsNoLostDiskForAMajorityOfALaterMap) {
  World world = born();
  create_bucket(world, "first");
  world.worker("B").stores_maps = false;
  create_bucket(world, "second");
  world.worker("C").disk.reset();
  world.worker("B").stores_maps = true;
  world.restart_broker(2);
  world.all_hello({"B", "C"});
  EXPECT_THAT(error_text(ask_for_map(world).at(0)),
              HasSubstr("w2 has come, w3 has come without a map, w1 has not"));
  world.hello("A");
  EXPECT_EQ(map_of(ask_for_map(world).at(0)).buckets.size(), 3U);
}

// It may have been in force before a disk was lost, so nobody else takes anyone's place.
TEST(RestartTest, TakesAFirstMapThatWasBornOnceMoreForTheOneThatItWas) {
  World world = born();
  const schema::ClusterMap first = map_of(ask_for_map(world).at(0));
  world.worker("A").disk.reset();
  for (const char* name : {"B", "C"}) world.worker(name).stores_maps = false;
  world.restart_broker(2);
  world.all_hello({"A", "C", "B"});
  EXPECT_EQ(world.worker("A").disk->version.epoch, 1U);
  for (const char* name : {"B", "C"}) world.worker(name).stores_maps = true;
  world.restart_broker(3);
  world.all_hello({"A", "B", "D"});
  const schema::ClusterMap last = map_of(ask_for_map(world).at(0));
  EXPECT_EQ(last.version.generation, 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(last.workers[i].store, first.workers[i].store);
}

TEST(RestartTest, KeepsABucketWhoseCreationWasAnswered) {
  World world = born();
  world.worker("B").up = false;
  create_bucket(world, "kept");
  world.restart_broker(2);
  world.worker("A").up = false;
  world.worker("B").up = true;
  world.all_hello({"B", "C"});
  EXPECT_NE(cluster::find_bucket(map_of(ask_for_map(world).at(0)), "kept"), nullptr);
}

// The former broker died after one worker had stored its proposal.
void leave_proposal_at(World& world, const std::string& name, std::uint64_t seed) {
  world.restart_broker(seed);
  for (const char* other : {"A", "B", "C"}) world.worker(other).stores_maps = other == name;
  world.all_hello({"A", "B", "C"});
  for (const char* other : {"A", "B", "C"}) world.worker(other).stores_maps = true;
}

TEST(RestartTest, AMapOnFewWorkersDoesNotDisplaceOneThatCameInForceWithoutThem) {
  World world = born();
  leave_proposal_at(world, "B", 2);
  ASSERT_EQ(world.worker("B").holds().generation, 2U);
  // Another broker, that never meets B, reaches the others, and a bucket is created and answered.
  world.worker("B").up = false;
  world.restart_broker(3);
  world.all_hello({"A", "C"});
  create_bucket(world, "kept");
  ASSERT_EQ(world.worker("A").acts_on.epoch, 3U);
  // The next one meets B and A only.
  world.worker("B").up = true;
  world.worker("C").up = false;
  world.restart_broker(4);
  world.all_hello({"A", "B"});
  EXPECT_TRUE(world.worker("A").acts_on.generation < 3 ||
              cluster::find_bucket(*world.worker("A").disk, "kept") != nullptr);
  world.worker("C").up = true;
  world.hello("C");
  EXPECT_NE(cluster::find_bucket(map_of(ask_for_map(world).at(0)), "kept"), nullptr);
}

TEST(RestartTest, GoesOnFromAMapOnFewWorkersWhereItContainsTheOthers) {
  World world = born();
  leave_proposal_at(world, "B", 2);
  world.restart_broker(3);
  world.all_hello({"A", "B"});
  EXPECT_EQ(world.worker("A").acts_on.generation, 3U);
  EXPECT_EQ(world.worker("A").acts_on, world.worker("B").acts_on);
}

TEST(RestartTest, NumbersItsMapAboveAGreaterOneThatNeverCameInForce) {
  World world = born();
  leave_proposal_at(world, "B", 2);
  world.worker("B").up = false;
  world.restart_broker(3);
  world.all_hello({"A", "C"});
  // Generation 2 has two maps now, and B's may be the greater or the smaller.
  world.worker("B").up = true;
  world.worker("B").disk->version.generation = 7;
  world.hello("B");
  EXPECT_EQ(world.worker("A").acts_on.generation, 8U);
  EXPECT_EQ(world.worker("B").acts_on, world.worker("A").acts_on);
  EXPECT_THAT(world.take_log(), Contains(HasSubstr("never came in force")));
}

TEST(RestartTest, StopsWhereAnotherBrokersGreaterMapIsInForce) {
  World world = born();
  world.ask("c", to_partition(MessageKind::append, 0));
  world.worker("B").acts_on.generation = 9;
  world.heartbeat("B");
  ASSERT_TRUE(world.stopped());
  EXPECT_THAT(*world.stopped(), HasSubstr("stop one of the brokers"));
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
  EXPECT_EQ(error_code(ask_for_map(world).at(0)), ErrorCode::unavailable);
  const auto routed = world.ask("c", to_partition(MessageKind::append, 0));
  EXPECT_EQ(error_code(routed.at(0)), ErrorCode::unavailable);
}

TEST(RestartTest, AsksAllAnewWhereAGreaterMapMayHaveComeInForce) {
  World world = born();
  // A and C follow another broker for a while; B stays and keeps the old map in force.
  for (const char* name : {"A", "C"}) world.worker(name).up = false;
  world.pass(seconds(2));
  for (const char* name : {"A", "C"}) {
    world.worker(name).up = true;
    world.worker(name).disk->version = {5, 1, 9};
    world.worker(name).disk->previous = {1, 1, 8};
  }
  world.hello("A");
  EXPECT_THAT(world.take_log(), Contains(HasSubstr("may be in force")));
  world.pass(seconds(1));
  EXPECT_EQ(world.worker("B").acts_on.generation, 6U);
  EXPECT_EQ(world.worker("B").acts_on.epoch, 10U);
}

TEST(RestartTest, RepeatsMapsUntilTheyAreStored) {
  World world = born();
  world.worker("C").stores_maps = false;
  create_bucket(world, "new");
  world.take_transcript();
  world.heartbeat("C");
  EXPECT_THAT(world.take_transcript(), ElementsAre("C says heartbeat", "C gets known, in force 1.2",
                                                   "C gets map_store 1.2 of A B C +new"));
  world.worker("C").stores_maps = true;
  world.heartbeat("C");
  EXPECT_EQ(world.worker("C").acts_on.epoch, 2U);
  world.take_transcript();
  world.heartbeat("C");
  EXPECT_THAT(world.take_transcript(), Not(Contains(HasSubstr("map_store"))));
}

}  // namespace
}  // namespace kipu::broker::test
