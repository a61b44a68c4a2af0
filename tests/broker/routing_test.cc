// How requests reach workers, and what clients are told when they do not.
#include "tests/broker/world.h"

namespace kipu::broker::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The fake worker that coordinates `partition`.
FakeWorker& coordinator(World& world, std::uint32_t partition) {
  const schema::ClusterMap& map = *world.worker("A").disk;
  const WorkerId id = cluster::coordinator_of(map, PartitionId{partition});
  const StoreId store = cluster::find_worker(map, id)->store;
  return world.worker(std::string(1, static_cast<char>(store.id.low)));
}

TEST(RoutingTest, APartitionsRequestGoesToItsCoordinatorAndTheAnswerComesBack) {
  World world = born();
  EXPECT_THAT(world.ask("c", to_partition(MessageKind::page, 5, 77), Buffer(std::string("body"))),
              IsEmpty());
  FakeWorker& worker = coordinator(world, 5);
  ASSERT_EQ(worker.requests.size(), 1U);
  EXPECT_EQ(worker.requests[0].body.view(), "body");
  EXPECT_EQ(worker.requests[0].envelope.destination, schema::Destination(PartitionId{5}));
  EXPECT_LE(worker.requests[0].envelope.remaining, seconds(5));
  world.answer(worker.name, MessageKind::page_reply);
  const auto replies = world.take_replies("c");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].envelope.kind, MessageKind::page_reply);
  EXPECT_EQ(replies[0].envelope.request_id, 77U);
  EXPECT_EQ(replies[0].body.view(), "answer of " + worker.name);
}

TEST(RoutingTest, AWorkersRequestGoesToIt) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 2));
  EXPECT_EQ(world.worker("B").requests.size(), 1U);
}

TEST(RoutingTest, TwoClientsMayUseTheSameRequestIds) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1, 9));
  world.ask("d", to_worker(MessageKind::count, 1, 9));
  world.answer("A", MessageKind::append_reply);
  EXPECT_EQ(world.take_replies("c").size(), 1U);
  EXPECT_THAT(world.take_replies("d"), IsEmpty());
  world.answer("A", MessageKind::count_reply);
  EXPECT_EQ(world.take_replies("d").size(), 1U);
}

TEST(RoutingTest, AWorkersErrorIsPassedOn) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1, 9));
  world.answer("A", MessageKind::error);
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::read_only);
}

TEST(RoutingTest, UnknownPlacesAreRefused) {
  World world = born();
  const auto refused = [&](Envelope envelope) {
    return error_code(world.ask("c", std::move(envelope)).at(0));
  };
  EXPECT_EQ(refused(to_partition(MessageKind::append, 8)), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(to_broker(MessageKind::append)), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(to_worker(MessageKind::append, 9)), ErrorCode::unavailable);
  EXPECT_EQ(refused(to_worker(MessageKind::append, 1, 1, Duration{0})),
            ErrorCode::deadline_exceeded);
}

TEST(RoutingTest, WhoAsksAWorkerThatIsDownIsToldHowManyLive) {
  World world = born();
  for (const char* name : {"B", "C"}) world.worker(name).up = false;
  world.pass(seconds(2));
  EXPECT_EQ(error_text(world.ask("c", to_worker(MessageKind::append, 2)).at(0)),
            "worker w2 is down; 1 of 3 workers is alive");
  world.worker("C").up = true;
  world.pass(seconds(1));
  EXPECT_EQ(error_text(world.ask("c", to_worker(MessageKind::append, 2)).at(0)),
            "worker w2 is down; 2 of 3 workers are alive");
}

TEST(RoutingTest, BeforeThereIsAMapNothingIsForwarded) {
  World world;
  EXPECT_EQ(error_code(world.ask("c", to_partition(MessageKind::append, 0)).at(0)),
            ErrorCode::unavailable);
}

TEST(RoutingTest, AtTheDeadlineAnAppendIsUnknownAndAReadIsLate) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1, 1, milliseconds(300)));
  world.ask("d", to_worker(MessageKind::page, 1, 2, milliseconds(300)));
  EXPECT_EQ(world.broker().next_tick(), world.now().instant + milliseconds(250));
  world.tick_after(milliseconds(250));
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
  EXPECT_EQ(world.broker().next_tick(), world.now().instant + milliseconds(50));
  world.tick_after(milliseconds(50));
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
  EXPECT_EQ(error_code(world.take_replies("d").at(0)), ErrorCode::deadline_exceeded);
  world.answer("A", MessageKind::append_reply);
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
  EXPECT_TRUE(world.broker().idle());
}

TEST(RoutingTest, WhatCouldNotBeSentWasNotDone) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1, 5));
  const Envelope sent = world.worker("A").requests.at(0).envelope;
  Effects effects;
  world.broker().on_undeliverable(world.now(), PeerId{"A"}, sent, effects);
  world.perform(std::move(effects));
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::unavailable);
  world.answer("A", MessageKind::append_reply);
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
}

TEST(RoutingTest, OnlyTheWorkerThatWasAskedCanAnswer) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1));
  const std::uint64_t id = world.worker("A").requests.at(0).envelope.request_id;
  world.say("B", MessageKind::append_reply, id, Buffer(std::string("forged")));
  world.say("X", MessageKind::append_reply, id, Buffer(std::string("forged")));
  world.say("A", MessageKind::page_reply, id, Buffer(std::string("of another kind")));
  world.say("A", MessageKind::append_reply, id + 1, Buffer(std::string("to nothing")));
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
  world.answer("A", MessageKind::append_reply);
  EXPECT_EQ(world.take_replies("c").size(), 1U);
}

TEST(RoutingTest, WhoExpectsNoReplyGetsNoneAndLeavesNothingInFlight) {
  World world = born();
  Envelope envelope = to_worker(MessageKind::append, 1);
  envelope.expects_reply = false;
  EXPECT_THAT(world.ask("c", envelope), IsEmpty());
  EXPECT_EQ(world.worker("A").requests.size(), 1U);
  EXPECT_TRUE(world.broker().idle());
  world.worker("A").up = false;
  world.pass(seconds(2));
  EXPECT_THAT(world.ask("c", envelope), IsEmpty());
}

TEST(RoutingTest, RequestsInFlightAreBoundedByCountAndBytes) {
  Config config = three_workers();
  config.max_in_flight = 2;
  World few(config);
  few.all_hello({"A", "B", "C"});
  EXPECT_THAT(few.ask("c", to_worker(MessageKind::append, 1)), IsEmpty());
  EXPECT_THAT(few.ask("c", to_worker(MessageKind::append, 2)), IsEmpty());
  EXPECT_EQ(error_code(few.ask("c", to_worker(MessageKind::append, 3)).at(0)),
            ErrorCode::overloaded);
  few.answer("A", MessageKind::append_reply);
  EXPECT_EQ(few.take_replies("c").size(), 1U);
  EXPECT_THAT(few.ask("c", to_worker(MessageKind::append, 3)), IsEmpty());

  config = three_workers();
  config.max_in_flight_bytes = limits::kMaxBodyBytes;
  World small(config);
  small.all_hello({"A", "B", "C"});
  const std::string half(limits::kMaxBodyBytes / 2 + 1, 'x');
  EXPECT_THAT(small.ask("c", to_worker(MessageKind::append, 1), Buffer(half)), IsEmpty());
  EXPECT_EQ(error_code(small.ask("c", to_worker(MessageKind::append, 1), Buffer(half)).at(0)),
            ErrorCode::overloaded);
}

Config of_ten_requests() {
  Config config = three_workers();
  config.max_in_flight = 10;
  return config;
}

// So many requests that the broker takes no more of that client. How many that were.
std::size_t flood(World& world, const std::string& client) {
  std::size_t taken = 0;
  while (world.ask(client, to_worker(MessageKind::append, 1, taken, std::chrono::hours(1000)))
             .empty()) {
    ++taken;
  }
  return taken;
}

TEST(RoutingTest, NoClientHasAllTheRoom) {
  World world(of_ten_requests());
  world.all_hello({"A", "B", "C"});
  EXPECT_EQ(flood(world, "greedy"), 6U);
  EXPECT_EQ(flood(world, "second"), 3U);
  EXPECT_THAT(world.ask("modest", to_worker(MessageKind::append, 2)), IsEmpty());
}

TEST(RoutingTest, ForgetsWhatAClientThatIsGoneHasAskedFor) {
  World world(of_ten_requests());
  world.all_hello({"A", "B", "C"});
  flood(world, "greedy");
  world.broker().on_client_gone(PeerId{"greedy"});
  EXPECT_TRUE(world.broker().idle());
  world.answer("A", MessageKind::append_reply);
  EXPECT_THAT(world.take_replies("greedy"), IsEmpty());
  EXPECT_EQ(flood(world, "next"), 6U);
}

TEST(RoutingTest, GivesNoRequestMoreThanTenMinutes) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 1, 1, std::chrono::hours(1000)));
  EXPECT_EQ(world.worker("A").requests.at(0).envelope.remaining, limits::kLongestRemaining);
  world.worker("B").up = world.worker("C").up = true;
  world.pass(limits::kLongestRemaining);
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
}

TEST(RoutingTest, AStatusSaysWhatFillsTheBroker) {
  World world(of_ten_requests());
  world.all_hello({"A", "B", "C"});
  EXPECT_EQ(status_of(world).refusing, "");
  flood(world, "greedy");
  EXPECT_THAT(status_of(world).refusing, HasSubstr("of one client up to 6"));
  world.pass(seconds(6));
  EXPECT_EQ(status_of(world).refusing, "");
}

TEST(LivenessTest, ExpiresASilentWorker) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 2, 1, seconds(60)));
  world.ask("d", to_worker(MessageKind::count, 2, 1, seconds(60)));
  world.worker("B").up = false;
  world.pass(kHeartbeat * 3);
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
  world.pass(kHeartbeat);
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
  EXPECT_EQ(error_code(world.take_replies("d").at(0)), ErrorCode::unavailable);
  EXPECT_EQ(error_code(world.ask("c", to_worker(MessageKind::append, 2)).at(0)),
            ErrorCode::unavailable);
  EXPECT_THAT(world.ask("c", to_worker(MessageKind::append, 1)), IsEmpty());
  EXPECT_THAT(world.take_log(), Contains(HasSubstr("w2 is suspect")));
}

TEST(LivenessTest, TakesBackAWorkerThatIsHeardAgain) {
  World world = born();
  world.worker("B").up = false;
  world.pass(seconds(2));
  world.worker("B").up = true;
  world.heartbeat("B");
  EXPECT_THAT(world.ask("c", to_worker(MessageKind::append, 2)), IsEmpty());
  EXPECT_THAT(world.take_log(), Contains("worker w2 is back"));
}

TEST(LivenessTest, ABrokerThatWasPausedGivesWorkersTimeToBeHeard) {
  World world = born();
  world.pass(seconds(1));
  world.tick_after(seconds(30));
  EXPECT_THAT(world.ask("c", to_worker(MessageKind::append, 2)), IsEmpty());
  world.heartbeat("A");
  world.heartbeat("C");
  world.tick_after(kHeartbeat);
  EXPECT_THAT(world.ask("e", to_worker(MessageKind::append, 1)), IsEmpty());
  EXPECT_EQ(error_code(world.ask("d", to_worker(MessageKind::append, 2)).at(0)),
            ErrorCode::unavailable);
}

TEST(LivenessTest, ANewHelloReplacesTheFormerRegistration) {
  World world = born();
  world.ask("c", to_worker(MessageKind::append, 2));
  world.ask("d", to_worker(MessageKind::page, 2));
  const std::uint64_t id = world.worker("B").requests.at(0).envelope.request_id;
  world.hello("B", "B again");
  EXPECT_EQ(error_code(world.take_replies("c").at(0)), ErrorCode::outcome_unknown);
  EXPECT_EQ(error_code(world.take_replies("d").at(0)), ErrorCode::unavailable);
  world.say("B", MessageKind::append_reply, id, Buffer(std::string("late")));
  EXPECT_THAT(world.take_replies("c"), IsEmpty());
  world.worker("B").requests.clear();
  world.ask("c", to_worker(MessageKind::append, 2));
  EXPECT_EQ(world.worker("B").requests.size(), 1U);
}

TEST(LivenessTest, AHeartbeatOverAFormerConnectionIsUnknown) {
  World world = born();
  world.hello("B", "B again");
  world.worker("Z").store = world.worker("B").store;
  world.worker("Z").peer = PeerId{"B"};
  world.take_transcript();
  world.worker("Z").up = true;
  world.worker("Z").stores_maps = false;
  world.worker("Z").disk = world.worker("B").disk;
  world.heartbeat("Z");
  EXPECT_THAT(world.take_transcript(), Contains("Z gets unknown, in force 1.1"));
}

}  // namespace
}  // namespace kipu::broker::test
