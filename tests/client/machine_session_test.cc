// How the client machine finds a broker, keeps to it and leaves it.
#include <gtest/gtest.h>

#include "tests/client/machine_harness.h"

namespace kipu::client {
namespace {

using schema::MessageKind;

Config two_brokers() {
  Config config;
  config.brokers = 2;
  return config;
}

TEST(ClientSessionTest, SaysHelloAtStartAndThenRestsWithoutCalls) {
  Harness client;
  const Outgoing hello = client.take(MessageKind::client_hello);
  EXPECT_EQ(hello.broker, 0U);
  EXPECT_EQ(hello.message.envelope.destination, schema::Destination(schema::ToBroker{}));
  EXPECT_EQ(client.next_tick(), Instant::never());
  client.pass(seconds(60));
  EXPECT_TRUE(client.take_all().empty());
}

TEST(ClientSessionTest, HoldsCallsBackUntilTheFirstMap) {
  Harness client;
  const CallId append = client.append("k");
  const CallId page = client.start(page_call("k"));
  EXPECT_EQ(client.sent(MessageKind::append), 0U);
  EXPECT_EQ(client.sent(MessageKind::page), 0U);
  client.greet(map_of(3));
  client.acknowledge(client.take_append().outgoing);
  EXPECT_TRUE(client.completion(append).reply);
  client.answer(client.take(MessageKind::page), MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(page).reply);
  EXPECT_EQ(client.next_tick(), Instant::never());
}

TEST(ClientSessionTest, SaysThatNoBrokerAnsweredWhenNoneDid) {
  Harness client;
  const CallId append = client.append("k");
  const CallId ping = client.start(PingCall{});
  const CallId map = client.start(MapCall{});
  client.pass(seconds(5));
  for (const CallId id : {append, ping, map}) {
    EXPECT_EQ(client.error(id).code, ErrorCode::unavailable);
    EXPECT_EQ(client.error(id).message, "no broker answered within 5000 ms");
    EXPECT_EQ(client.completed_after(id), seconds(5));
  }
}

TEST(ClientSessionTest, SaysWhyTheBrokerIsNotReady) {
  Harness client;
  const CallId append = client.append("k", "v", milliseconds(100));
  while (!client.completed(append)) {
    while (client.sent(MessageKind::client_hello) > 0) {
      client.refuse(client.take(MessageKind::client_hello), ErrorCode::unavailable,
                    "waiting for 2 of 3 workers");
    }
    client.pass(milliseconds(1));
  }
  EXPECT_EQ(client.error(append).code, ErrorCode::unavailable);
  EXPECT_NE(client.error(append).message.find("waiting for 2 of 3 workers"), std::string::npos);
}

TEST(ClientSessionTest, AsksForStatusAndPingsWithoutAMap) {
  Harness client;
  const CallId status = client.start(StatusCall{});
  const CallId ping = client.start(PingCall{});
  ClusterStatus answer;
  answer.waiting_for = "2 of 3 workers";
  client.answer(client.take(MessageKind::status), MessageKind::status_reply, answer);
  EXPECT_EQ(client.reply<ClusterStatus>(status), answer);
  client.pass(milliseconds(7));
  client.answer_empty(client.take(MessageKind::ping), MessageKind::pong);
  EXPECT_EQ(client.reply<Pong>(ping).round_trip, milliseconds(7));
}

// The first is dead. The second answers the hello, but is not ready, so that it is left at once.
TEST(ClientSessionTest, AsksEachBrokerForStatusWhileNoneIsReady) {
  Harness client(two_brokers());
  const CallId status = client.start(StatusCall{});
  ClusterStatus answer;
  answer.waiting_for = "2 of 3 workers";
  while (!client.completed(status)) {
    for (const Outgoing& sent : client.take_all()) {
      if (sent.broker == 0) continue;
      if (sent.message.envelope.kind == MessageKind::client_hello) {
        client.refuse(sent, ErrorCode::unavailable, "waiting for 2 of 3 workers");
      } else {
        client.answer(sent, MessageKind::status_reply, answer);
      }
    }
    client.pass(milliseconds(10));
  }
  EXPECT_EQ(client.reply<ClusterStatus>(status), answer);
  EXPECT_LT(client.completed_after(status), seconds(2));
}

TEST(ClientSessionTest, FailsAllCallsWhenTheBrokerIsOfAnotherCluster) {
  Harness client;
  const CallId append = client.append("k");
  const CallId status = client.start(StatusCall{});
  client.refuse(client.take(MessageKind::client_hello), ErrorCode::wrong_cluster, "not yours");
  EXPECT_EQ(client.error(append), (Error{ErrorCode::wrong_cluster, "not yours"}));
  EXPECT_EQ(client.error(status).code, ErrorCode::wrong_cluster);
  EXPECT_EQ(client.next_tick(), Instant::never());
  // A later call asks again.
  client.append("k");
  client.pass(seconds(1));
  EXPECT_EQ(client.sent(MessageKind::client_hello), 1U);
}

TEST(ClientSessionTest, RefusesTheMapOfAnotherCluster) {
  Config config;
  config.cluster = ClusterId{Uuid{9, 9}};
  Harness client(config);
  const CallId append = client.append("k");
  client.greet(map_of(3));
  EXPECT_EQ(client.error(append).code, ErrorCode::wrong_cluster);
}

TEST(ClientSessionTest, RefusesAMapThatCannotBeOne) {
  Harness client;
  const CallId append = client.append("k", "v", seconds(2));
  schema::ClusterMap map = map_of(3);
  map.placement.pop_back();
  client.greet(map);
  EXPECT_EQ(client.sent(MessageKind::append), 0U);
  client.pass(seconds(2));
  EXPECT_EQ(client.error(append).code, ErrorCode::unavailable);
}

TEST(ClientSessionTest, FailsAllCallsWhenTheBrokerSpeaksAnotherProtocol) {
  Harness client;
  const CallId append = client.append("k");
  const Outgoing hello = client.take(MessageKind::client_hello);
  schema::Message answer;
  answer.envelope.version = 99;
  answer.envelope.request_id = hello.message.envelope.request_id;
  client.deliver(0, std::move(answer));
  EXPECT_EQ(client.error(append).code, ErrorCode::wrong_version);
}

TEST(ClientSessionTest, TriesTheNextBrokerWhenOneDoesNotAnswer) {
  Harness client(two_brokers());
  const CallId append = client.append("k");
  EXPECT_EQ(client.take(MessageKind::client_hello).broker, 0U);
  client.pass(milliseconds(1010));
  const Outgoing hello = client.take(MessageKind::client_hello);
  EXPECT_EQ(hello.broker, 1U);
  client.answer(hello, MessageKind::map, map_of(3));
  const auto batch = client.take_append();
  EXPECT_EQ(batch.outgoing.broker, 1U);
  client.acknowledge(batch.outgoing);
  EXPECT_TRUE(client.completion(append).reply);
}

TEST(ClientSessionTest, TakesTheAnswerOfABrokerThatItHadGivenUp) {
  Harness client(two_brokers());
  client.append("k");
  const Outgoing first = client.take(MessageKind::client_hello);
  client.pass(milliseconds(1500));
  client.answer(first, MessageKind::map, map_of(3));
  EXPECT_EQ(client.take_append().outgoing.broker, 0U);
}

TEST(ClientSessionTest, SendsNoEntryToANewBrokerBeforeItHasAnsweredAHello) {
  Harness client(two_brokers());
  client.greet(map_of(3));
  const CallId append = client.append("k", "v", seconds(20));
  EXPECT_EQ(client.take_append().outgoing.broker, 0U);
  client.pass(seconds(3));  // unanswered, and the hello after it too
  std::size_t hellos_to_second = 0;
  for (const Outgoing& outgoing : client.take_all()) {
    EXPECT_TRUE(outgoing.broker == 0 ||
                outgoing.message.envelope.kind == MessageKind::client_hello);
    if (outgoing.broker != 1) continue;
    ++hellos_to_second;
    client.answer(outgoing, MessageKind::map, map_of(3));
  }
  EXPECT_EQ(hellos_to_second, 1U);
  const auto again = client.take_append();
  EXPECT_EQ(again.outgoing.broker, 1U);
  client.acknowledge(again.outgoing);
  EXPECT_TRUE(client.completion(append).reply);
}

TEST(ClientSessionTest, FailsOverToABrokerOfTheSameClusterOnly) {
  Harness client(two_brokers());
  client.greet(map_of(3));
  const CallId append = client.append("k");
  client.take_append();
  const CallId unsent = client.append("k");
  client.pass(milliseconds(2100));
  Outgoing hello = client.take(MessageKind::client_hello);
  while (hello.broker == 0) hello = client.take(MessageKind::client_hello);
  const auto said = schema::decode<schema::ClientHello>(hello.message.body.view());
  ASSERT_TRUE(said);
  EXPECT_EQ(said->cluster, kCluster);  // learned from the first broker
  client.refuse(hello, ErrorCode::wrong_cluster);
  EXPECT_EQ(client.error(append).code, ErrorCode::outcome_unknown);
  EXPECT_TRUE(client.completed(unsent));
}

TEST(ClientSessionTest, ProbesABrokerThatFallsSilentWithRequestsInFlight) {
  Harness client;
  client.greet(map_of(3));
  client.pass(seconds(100));
  client.append("k");
  client.pass(milliseconds(999));
  EXPECT_EQ(client.sent(MessageKind::client_hello), 0U);
  client.pass(milliseconds(1));
  EXPECT_EQ(client.sent(MessageKind::client_hello), 1U);
}

TEST(ClientSessionTest, KeepsABrokerThatAnswersOthersThoughAHelloIsLost) {
  Harness client(two_brokers());
  client.greet(map_of(3));
  client.append("k", "v", seconds(20));
  client.pass(milliseconds(1500));  // the hello after a second of silence is lost
  client.start(PingCall{}, seconds(20));
  client.answer_empty(client.take(MessageKind::ping), MessageKind::pong);
  client.pass(milliseconds(600));
  for (const Outgoing& outgoing : client.take_all()) EXPECT_EQ(outgoing.broker, 0U);
}

TEST(ClientSessionTest, FollowsNewerMapsOnly) {
  Harness client;
  client.greet(map_of(3, 5));
  const CallId older = client.start(MapCall{});
  client.answer(client.take(MessageKind::client_hello), MessageKind::map, map_of(2, 4));
  EXPECT_EQ(client.reply<MapReply>(older)->version.epoch, 5U);
  const CallId newer = client.start(MapCall{});
  client.answer(client.take(MessageKind::client_hello), MessageKind::map, map_of(2, 6));
  EXPECT_EQ(*client.reply<MapReply>(newer), map_of(2, 6));
}

TEST(ClientSessionTest, AnswersAMapCallWithNoMapOlderThanTheCall) {
  Harness client;
  const CallId first = client.start(MapCall{});  // after the hello was said
  client.greet(map_of(3, 1));
  EXPECT_FALSE(client.completed(first));
  client.greet(map_of(3, 2));
  EXPECT_EQ(client.reply<MapReply>(first)->version.epoch, 2U);
}

TEST(ClientSessionTest, AsksAgainForAMapWhoseHelloWasRefusedBeforeAnEarlierOneWasAnswered) {
  Harness client;
  const Outgoing first = client.take(MessageKind::client_hello);
  const CallId call = client.start(MapCall{});
  while (client.sent(MessageKind::client_hello) == 0) client.pass(milliseconds(10));
  client.refuse(client.take(MessageKind::client_hello), ErrorCode::unavailable, "not yet");
  client.answer(first, MessageKind::map, map_of(3));
  EXPECT_FALSE(client.completed(call));
  client.answer(client.take(MessageKind::client_hello), MessageKind::map, map_of(3, 2));
  EXPECT_EQ(client.reply<MapReply>(call)->version.epoch, 2U);
}

TEST(ClientSessionTest, SaysHelloLaterAndLaterWhileItIsRefused) {
  Harness client;
  client.append("k", "v", seconds(60));
  std::size_t hellos = 0;
  for (int i = 0; i < 60'000; ++i) {
    while (client.sent(MessageKind::client_hello) > 0) {
      ++hellos;
      client.refuse(client.take(MessageKind::client_hello), ErrorCode::unavailable);
    }
    client.pass(milliseconds(1));
  }
  EXPECT_GT(hellos, 100U);  // each waits for half a second at most
  EXPECT_LT(hellos, 300U);
}

}  // namespace
}  // namespace kipu::client
