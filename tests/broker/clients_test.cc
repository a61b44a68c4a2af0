// What the broker itself answers.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::IsEmpty;

std::vector<Message> create(World& world, const std::string& client, Bucket bucket,
                            Duration remaining = seconds(5)) {
  return world.ask(client, to_broker(MessageKind::bucket_create, 4, remaining),
                   schema::encode(schema::BucketCreate{std::move(bucket)}));
}

TEST(ClientTest, IsGreetedWithTheMap) {
  World world = born();
  for (const ClusterId cluster : {ClusterId{}, kCluster}) {
    const auto replies = world.ask("c", to_broker(MessageKind::client_hello, 3),
                                   schema::encode(schema::ClientHello{cluster}));
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].envelope.request_id, 3U);
    EXPECT_EQ(map_of(replies[0]), *world.worker("A").disk);
  }
}

// The largest map takes two megabytes: a thousand who ask at once must not cost two gigabytes.
TEST(ClientTest, SharesTheMapsBytesWithAllOthersWhoAsk) {
  World world = born();
  Effects effects;
  for (const char* name : {"c", "d"}) {
    world.broker().on_client_message(
        world.now(), PeerId{name},
        schema::make_message(to_broker(MessageKind::client_hello), schema::ClientHello{}), effects);
  }
  ASSERT_EQ(effects.to_clients.size(), 2U);
  const auto bytes = effects.to_clients[0].message.body.view();
  EXPECT_FALSE(bytes.empty());
  EXPECT_EQ(effects.to_clients[1].message.body.view().data(), bytes.data());
}

TEST(ClientTest, OfAnotherClusterIsRefused) {
  World world = born();
  const auto replies = world.ask("c", to_broker(MessageKind::client_hello),
                                 schema::encode(schema::ClientHello{kOtherCluster}));
  EXPECT_EQ(error_code(replies.at(0)), ErrorCode::wrong_cluster);
}

TEST(ClientTest, OfAnotherVersionIsToldBoth) {
  World world = born();
  Envelope envelope = to_broker(MessageKind::ping, 8);
  envelope.version = 9;
  const auto replies = world.ask("c", envelope);
  EXPECT_EQ(error_code(replies.at(0)), ErrorCode::wrong_version);
  EXPECT_EQ(error_text(replies.at(0)),
            "the message has protocol version 9, and this broker speaks version 1");
  EXPECT_EQ(replies.at(0).envelope.request_id, 8U);
}

TEST(ClientTest, SendsOnlyWhatClientsSend) {
  World world = born();
  for (const auto kind :
       {MessageKind::map_store, MessageKind::worker_hello, static_cast<MessageKind>(999)}) {
    EXPECT_EQ(error_code(world.ask("c", to_broker(kind)).at(0)), ErrorCode::invalid_argument);
  }
  for (const auto kind : {MessageKind::pong, MessageKind::error, MessageKind::append_reply}) {
    EXPECT_TRUE(world.ask("c", to_broker(kind)).empty()) << "an answer is not answered";
  }
  for (const auto kind : {MessageKind::client_hello, MessageKind::bucket_create}) {
    EXPECT_EQ(error_code(world.ask("c", to_broker(kind), Buffer(std::string("junk"))).at(0)),
              ErrorCode::malformed);
  }
}

TEST(WorkerTest, SendsOnlyWhatWorkersSend) {
  World world = born();
  world.say("A", MessageKind::append, 5);
  world.send("A", MessageKind::worker_hello, 6, Buffer(std::string("junk")));
  world.send("A", MessageKind::heartbeat, 7, Buffer(std::string("junk")));
  world.send("A", MessageKind::map_stored, 8, Buffer(std::string("junk")));
  const Lines lines = world.take_transcript();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "A gets error invalid_argument"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "A gets error malformed"), 2);
  EXPECT_FALSE(world.stopped());
}

TEST(ClientTest, PingsWithoutAMap) {
  World world;
  EXPECT_EQ(world.ask("c", to_broker(MessageKind::ping)).at(0).envelope.kind, MessageKind::pong);
}

TEST(ClientTest, IsToldWhatTheBrokerWaitsFor) {
  World world;
  const auto replies = world.ask("c", to_partition(MessageKind::append, 1));
  EXPECT_EQ(error_code(replies.at(0)), ErrorCode::unavailable);
  EXPECT_EQ(error_text(replies.at(0)), "waiting for its 3 workers: none has come");
}

TEST(StatusTest, ShowsWorkersTheirShareAndWhetherTheyLive) {
  World world = born();
  world.worker("C").up = false;
  world.ask("c", to_worker(MessageKind::append, 1));
  world.pass(seconds(1));
  const auto replies = world.ask("s", to_broker(MessageKind::status));
  const auto status = schema::decode<ClusterStatus>(replies.at(0).body.view());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->cluster, kCluster);
  EXPECT_EQ(status->waiting_for, "");
  EXPECT_EQ(status->phase, ClusterPhase::in_force);
  EXPECT_TRUE(status->wanted.is_none());
  EXPECT_EQ(status->partitions, 8U);
  EXPECT_EQ(status->uptime, seconds(1));
  ASSERT_EQ(status->workers.size(), 3U);
  EXPECT_EQ(status->workers[0].in_flight, 1U);
  EXPECT_EQ(status->workers[0].liveness, Liveness::alive);
  EXPECT_EQ(status->workers[2].liveness, Liveness::suspect);
  EXPECT_EQ(status->workers[2].silent, seconds(1));
  EXPECT_EQ(
      status->workers[0].partitions + status->workers[1].partitions + status->workers[2].partitions,
      8U);
}

TEST(BucketTest, ExistsOnceItsCreationIsAnswered) {
  World world = born();
  const auto replies = create(world, "c", Bucket{.name = "new", .mode = BucketMode::wmrm});
  ASSERT_EQ(replies.size(), 1U);
  const schema::ClusterMap map = map_of(replies[0]);
  EXPECT_EQ(cluster::find_bucket(map, "new")->mode, BucketMode::wmrm);
  EXPECT_EQ(map.version.epoch, 2U);
  EXPECT_EQ(map.previous.epoch, 1U);
  EXPECT_EQ(world.worker("B").acts_on, map.version);
}

TEST(BucketTest, CreatedTwiceTheSameIsOne) {
  World world = born();
  create(world, "c", Bucket{.name = "new"});
  EXPECT_EQ(map_of(create(world, "c", Bucket{.name = "new"}).at(0)).version.epoch, 2U);
}

TEST(BucketTest, CreatedTwiceWithOtherPropertiesIsRefused) {
  World world = born();
  create(world, "c", Bucket{.name = "new"});
  EXPECT_EQ(error_code(create(world, "c", Bucket{.name = "new", .max_pair_bytes = 7}).at(0)),
            ErrorCode::bucket_differs);
}

TEST(BucketTest, ThatNoneMayHaveIsRefused) {
  World world = born();
  EXPECT_EQ(error_code(create(world, "c", Bucket{.name = "a b"}).at(0)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(error_code(create(world, "c", Bucket{.name = "ok"}, Duration{0}).at(0)),
            ErrorCode::deadline_exceeded);
  World unborn;
  EXPECT_EQ(error_code(create(unborn, "c", Bucket{.name = "ok"}).at(0)), ErrorCode::unavailable);
}

TEST(BucketTest, OfAReservedNameIsMadeInItsOneShapeAlone) {
  World world = born();
  for (const char* name : {"kipu.once", "kipu.once.names", "kipu.once.contents"}) {
    EXPECT_EQ(error_code(create(world, "c", Bucket{.name = name, .mode = BucketMode::wmrm}).at(0)),
              ErrorCode::unsupported);
    EXPECT_EQ(error_code(create(world, "c", Bucket{.name = name, .max_pair_bytes = 1}).at(0)),
              ErrorCode::unsupported);
    const auto made = create(world, "c", Bucket{.name = name});
    EXPECT_NE(cluster::find_bucket(map_of(made.at(0)), name), nullptr);
  }
  EXPECT_EQ(error_code(create(world, "c", Bucket{.name = "kipu.mine"}).at(0)),
            ErrorCode::unsupported);
  EXPECT_EQ(create(world, "c", Bucket{.name = "kipu"}).at(0).envelope.kind, MessageKind::map);
}

TEST(BucketTest, IsAnsweredOnlyWhenAMajorityHasStoredIt) {
  World world = born();
  for (const char* name : {"A", "B"}) world.worker(name).stores_maps = false;
  EXPECT_THAT(create(world, "c", Bucket{.name = "one"}), IsEmpty());
  EXPECT_THAT(create(world, "d", Bucket{.name = "two"}, milliseconds(400)), IsEmpty());
  EXPECT_THAT(create(world, "e", Bucket{.name = "two", .max_pair_bytes = 9}), IsEmpty());
  world.pass(milliseconds(500));
  EXPECT_EQ(error_code(world.take_replies("d").at(0)), ErrorCode::deadline_exceeded);
  world.worker("B").stores_maps = true;
  world.pass(kHeartbeat);
  EXPECT_EQ(map_of(world.take_replies("c").at(0)).version.epoch, 2U);
  // What waited goes into the next map.
  EXPECT_EQ(map_of(world.take_replies("e").at(0)).version.epoch, 3U);
}

TEST(BucketTest, ThatIsNotStoredInTimeIsUnknown) {
  World world = born();
  for (const char* name : {"A", "B"}) world.worker(name).stores_maps = false;
  create(world, "c", Bucket{.name = "one"}, milliseconds(400));
  world.pass(seconds(1));
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
}

TEST(BucketTest, ManyThatWaitShareOneMap) {
  World world = born();
  for (const char* name : {"A", "B"}) world.worker(name).stores_maps = false;
  create(world, "c", Bucket{.name = "b0"});
  for (int i = 1; i <= 1023; ++i) create(world, "c", Bucket{.name = fmt::format("b{}", i)});
  EXPECT_EQ(error_code(create(world, "d", Bucket{.name = "more"}).at(0)), ErrorCode::overloaded);
  for (const char* name : {"A", "B"}) world.worker(name).stores_maps = true;
  world.pass(kHeartbeat);
  EXPECT_EQ(world.take_replies("c").size(), 1024U);
  EXPECT_EQ(world.worker("A").acts_on.epoch, 3U);
}

}  // namespace
}  // namespace kipu::broker::test
