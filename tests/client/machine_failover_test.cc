// How the client machine passes over workers that do not answer or cannot serve.
#include <gtest/gtest.h>

#include "client/machine_suspects.h"
#include "tests/client/machine_harness.h"

namespace kipu::client {
namespace {

using schema::MessageKind;

const WorkerId kFirst{1};
const WorkerId kSecond{2};
const WorkerId kThird{3};
const schema::Replicas kAll{kFirst, kSecond, kThird};

Instant at(Duration since_start) {
  return Instant::since_start(since_start);
}

TEST(SuspectsTest, ChoosesTheFirstThatIsNotSuspect) {
  Suspects suspects(seconds(1));
  EXPECT_EQ(suspects.choose(kAll, at(seconds(0))), kFirst);
  EXPECT_TRUE(suspects.raise(kFirst, at(seconds(0))));
  EXPECT_EQ(suspects.choose(kAll, at(milliseconds(999))), kSecond);
  EXPECT_EQ(suspects.choose({kFirst}, at(milliseconds(999))), kFirst);
}

TEST(SuspectsTest, ForgetsASuspicionThatIsOver) {
  Suspects suspects(seconds(1));
  suspects.raise(kFirst, at(seconds(0)));
  EXPECT_TRUE(suspects.contains(kFirst, at(milliseconds(999))));
  EXPECT_FALSE(suspects.contains(kFirst, at(seconds(1))));
  EXPECT_EQ(suspects.choose(kAll, at(seconds(1))), kFirst);
  EXPECT_TRUE(suspects.raise(kFirst, at(seconds(1))));
}

TEST(SuspectsTest, LastsFromTheLastCause) {
  Suspects suspects(seconds(1));
  suspects.raise(kFirst, at(seconds(0)));
  EXPECT_FALSE(suspects.raise(kFirst, at(milliseconds(500))));
  EXPECT_TRUE(suspects.contains(kFirst, at(milliseconds(1499))));
}

TEST(SuspectsTest, LetsSuspectsTakeTurnsWhereThereIsNobodyElse) {
  Suspects suspects(seconds(1));
  suspects.raise(kSecond, at(milliseconds(1)));
  suspects.raise(kThird, at(milliseconds(2)));
  suspects.raise(kFirst, at(milliseconds(3)));
  EXPECT_EQ(suspects.choose(kAll, at(milliseconds(4))), kSecond);
  suspects.raise(kSecond, at(milliseconds(4)));
  EXPECT_EQ(suspects.choose(kAll, at(milliseconds(5))), kThird);
}

class ClientFailoverTest : public testing::Test {
 protected:
  void SetUp() override { client.greet(map); }

  static Config config() {
    Config config;
    config.batch_entries = 4;
    config.batches_in_flight = 2;
    return config;
  }
  // Waits as long as a first back-off may take, and takes the append that was sent.
  Harness::Batch next_append() {
    client.pass(milliseconds(10));
    return client.take_append();
  }

  const schema::ClusterMap map = with_replicas(map_of(3, 1, {}, 3), kAll);
  Harness client{config()};
};

TEST_F(ClientFailoverTest, TriesTheNextReplicaUnderTheSameStampWhereOneIsUnavailable) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  EXPECT_EQ(Harness::worker_of(first.outgoing), kFirst);
  client.refuse(first.outgoing, ErrorCode::unavailable, "w1 is suspect");
  const auto second = next_append();
  EXPECT_EQ(Harness::worker_of(second.outgoing), kSecond);
  EXPECT_EQ(second.request.entries, first.request.entries);
  client.acknowledge(second.outgoing);
  EXPECT_EQ(client.reply<Appended>(id).stamp, first.request.entries[0].stamp);
}

TEST_F(ClientFailoverTest, TriesTheNextReplicaWhereOnesClockIsBehind) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.acknowledge(first.outgoing, {{0, {ErrorCode::clock_skew, "1 hour ahead"}}});
  const auto second = next_append();
  EXPECT_EQ(Harness::worker_of(second.outgoing), kSecond);
  client.acknowledge(second.outgoing);
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientFailoverTest, TriesTheNextReplicaWhereAnOutcomeIsUnknown) {
  client.append("k");
  client.refuse(client.take_append().outgoing, ErrorCode::outcome_unknown);
  EXPECT_EQ(Harness::worker_of(next_append().outgoing), kSecond);
}

TEST_F(ClientFailoverTest, TriesTheNextReplicaWhereNoAnswerComes) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.pass(seconds(1));
  client.greet(map);  // it asks whether the broker is there
  const auto second = client.take_append();
  EXPECT_EQ(Harness::worker_of(second.outgoing), kSecond);
  EXPECT_EQ(second.outgoing.message.envelope.remaining, seconds(2));
  client.acknowledge(first.outgoing);  // late
  EXPECT_TRUE(client.completion(id).reply);
}

// Where all are slow, an append that is sent anew each second is never answered in time, and each
// attempt makes them slower.
TEST_F(ClientFailoverTest, WaitsLongerEachTimeThatNoAnswerComesWhoeverIsAsked) {
  client.append("k", "v", seconds(60));
  Duration patience = seconds(1);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto sent = client.take_append();
    EXPECT_EQ(sent.outgoing.message.envelope.remaining, patience);
    client.pass(patience);
    client.greet(map);
    patience *= 2;
  }
}

TEST_F(ClientFailoverTest, TriesTheNextReplicaForTheEntriesThatOneRefuses) {
  const CallId refused = client.append("k");
  const auto first = client.take_append();
  client.acknowledge(first.outgoing, {{0, {ErrorCode::unavailable, "1 of 2 replicas live"}}});
  const auto second = next_append();
  EXPECT_EQ(Harness::worker_of(second.outgoing), kSecond);
  EXPECT_EQ(second.request.entries, first.request.entries);
  EXPECT_FALSE(client.completed(refused));
}

TEST_F(ClientFailoverTest, StaysWithAWorkerThatIsMerelyBusy) {
  client.append("k");
  client.refuse(client.take_append().outgoing, ErrorCode::overloaded);
  EXPECT_EQ(Harness::worker_of(next_append().outgoing), kFirst);
}

TEST_F(ClientFailoverTest, SendsWhatComesLaterToTheNextReplicaForASecond) {
  client.append("a");
  client.refuse(client.take_append().outgoing, ErrorCode::unavailable);
  client.acknowledge(next_append().outgoing);
  client.append("b");
  const auto other = client.take_append();
  EXPECT_EQ(Harness::worker_of(other.outgoing), kSecond);
  client.acknowledge(other.outgoing);
  client.pass(seconds(1));
  client.append("c");
  EXPECT_EQ(Harness::worker_of(client.take_append().outgoing), kFirst);
}

TEST_F(ClientFailoverTest, TakesWhatIsQueuedAwayFromASuspect) {
  for (int i = 0; i < 12; ++i) client.append("k" + std::to_string(i));
  const auto first = client.take_append();
  client.take_append();
  ASSERT_EQ(client.sent(MessageKind::append), 0U);  // two are in flight, the rest waits
  client.refuse(first.outgoing, ErrorCode::unavailable);
  const auto next = client.take_append();  // at once
  EXPECT_EQ(Harness::worker_of(next.outgoing), kSecond);
  EXPECT_EQ(Harness::keys_of(next), (std::vector<std::string>{"k5", "k6", "k7", "k8"}));
}

TEST_F(ClientFailoverTest, RegroupsABatchByTheNextReplicaOfEachEntry) {
  schema::ClusterMap mixed = with_replicas(map_of(3, 2, {}, 3), {kFirst, kSecond, kThird});
  for (std::size_t i = 0; i < mixed.placement.size(); i += 2) {
    mixed.placement[i] = {kFirst, kThird, kSecond};
  }
  client.start(MapCall{});
  client.greet(mixed);
  client.append("x");
  const auto held = client.take_append();
  for (const char* key : {"a", "b", "c", "d"}) client.append(key);
  const auto batch = client.take_append();
  client.refuse(batch.outgoing, ErrorCode::unavailable);
  client.pass(milliseconds(10));
  std::size_t entries = 0;
  while (client.sent(MessageKind::append) > 0) {
    const auto regrouped = client.take_append();
    for (const Entry& entry : regrouped.request.entries) {
      const PartitionId partition = cluster::partition_of("default", entry.key, 16);
      EXPECT_EQ(mixed.placement[partition.number][1], Harness::worker_of(regrouped.outgoing));
      ++entries;
    }
  }
  EXPECT_EQ(entries, 4U);
}

TEST_F(ClientFailoverTest, GoesRoundAllReplicasWithGrowingPausesUntilTheDeadline) {
  const CallId id = client.append("k");
  std::vector<WorkerId> asked;
  while (!client.completed(id)) {
    client.pass(milliseconds(1));
    while (client.sent(MessageKind::append) > 0) {
      const auto batch = client.take_append();
      asked.push_back(Harness::worker_of(batch.outgoing));
      client.refuse(batch.outgoing, ErrorCode::unavailable, "1 of 2 replicas live");
    }
  }
  EXPECT_EQ(client.completed_after(id), seconds(5));
  EXPECT_EQ(client.error(id).code, ErrorCode::unavailable);
  EXPECT_NE(client.error(id).message.find("1 of 2 replicas live"), std::string::npos);
  ASSERT_GE(asked.size(), 6U);
  EXPECT_EQ(std::vector(asked.begin(), asked.begin() + 6),
            (std::vector{kFirst, kSecond, kThird, kFirst, kSecond, kThird}));
  EXPECT_LT(asked.size(), 30U);
}

TEST_F(ClientFailoverTest, KeepsTheCountOfAnUnknownOutcomeThroughLaterRefusals) {
  const CallId id = client.append("k");
  client.refuse(client.take_append().outgoing, ErrorCode::outcome_unknown, "held by 1 of 2");
  while (!client.completed(id)) {
    client.pass(milliseconds(1));
    while (client.sent(MessageKind::append) > 0) {
      client.refuse(client.take_append().outgoing, ErrorCode::unavailable, "no lease");
    }
  }
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
  EXPECT_NE(client.error(id).message.find("held by 1 of 2"), std::string::npos);
  EXPECT_NE(client.error(id).message.find("no lease"), std::string::npos);
}

TEST_F(ClientFailoverTest, AWriteThatMeetsADeadCoordinatorIsDoneWithinItsDeadline) {
  std::vector<CallId> calls;
  const Instant begun = client.now().instant;
  while (client.now().instant < begun + seconds(8)) {
    if (client.now().instant < begun + seconds(3)) calls.push_back(client.append("k"));
    client.pass(milliseconds(10));
    for (const Outgoing& outgoing : client.take_all()) {
      if (outgoing.message.envelope.kind == MessageKind::client_hello) {
        client.answer(outgoing, MessageKind::map, map);
      } else if (Harness::worker_of(outgoing) != kFirst) {
        client.acknowledge(outgoing);
      }
    }
  }
  for (const CallId id : calls) EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientFailoverTest, AsksAnotherReplicaForKeys) {
  KeysCall call;
  call.worker = kFirst;
  call.query.bucket = "default";
  call.partitions = {PartitionId{1}, PartitionId{5}};
  const CallId id = client.start(call);
  const Outgoing first = client.take(MessageKind::keys);
  EXPECT_EQ(Harness::worker_of(first), kFirst);
  client.refuse(first, ErrorCode::unavailable);
  client.pass(milliseconds(10));
  const Outgoing second = client.take(MessageKind::keys);
  EXPECT_EQ(Harness::worker_of(second), kSecond);
  EXPECT_EQ(schema::decode<KeysQuery>(second.message.body.view())->partitions, call.partitions);
  client.answer(second, MessageKind::keys_reply, KeysPage{});
  EXPECT_TRUE(client.completion(id).reply);
  client.start(call);
  EXPECT_EQ(Harness::worker_of(client.take(MessageKind::keys)), kSecond);
}

TEST_F(ClientFailoverTest, AsksAnotherReplicaForKeysWhereNoAnswerComes) {
  KeysCall call;
  call.worker = kFirst;
  call.query.bucket = "default";
  client.start(call);
  client.take(MessageKind::keys);
  client.pass(seconds(1));
  client.greet(map);
  EXPECT_EQ(Harness::worker_of(client.take(MessageKind::keys)), kSecond);
}

TEST_F(ClientFailoverTest, AsksForKeysOnlyWhoHasAllOfTheirPartitions) {
  schema::ClusterMap mixed = with_replicas(map_of(4, 2, {}, 2), {kFirst, kSecond});
  mixed.placement[5] = {kFirst, kThird};
  client.start(MapCall{});
  client.greet(mixed);
  KeysCall call;
  call.worker = kFirst;
  call.query.bucket = "default";
  call.partitions = {PartitionId{1}, PartitionId{5}};
  client.start(call);
  client.refuse(client.take(MessageKind::keys), ErrorCode::unavailable);
  client.pass(milliseconds(10));
  EXPECT_EQ(Harness::worker_of(client.take(MessageKind::keys)), kFirst);
}

// The broker knows that a replica is not whole, not for which partitions.
TEST_F(ClientFailoverTest, AsksEachReplicaInTurnWhereTheBrokersChoiceRefuses) {
  const CallId id = client.start(page_call("k"));
  const auto refused = [&] {
    const Outgoing request = client.take(MessageKind::page);
    client.refuse(request, ErrorCode::unavailable, "not whole");
    client.pass(seconds(1));
    return request.message.envelope.destination;
  };
  const PartitionId partition = cluster::partition_of("default", "k", 16);
  EXPECT_EQ(refused(), schema::Destination(partition));
  EXPECT_EQ(refused(), schema::Destination(kSecond));
  EXPECT_EQ(refused(), schema::Destination(kThird));
  EXPECT_EQ(refused(), schema::Destination(kFirst));
  const Outgoing again = client.take(MessageKind::page);
  EXPECT_EQ(again.message.envelope.destination, schema::Destination(partition));
  client.answer(again, MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientFailoverTest, ReadsFromTheWorkerThatIsNamedAndNoOther) {
  PageCall call = page_call("k");
  call.from = kSecond;
  const CallId id = client.start(call);
  const Outgoing first = client.take(MessageKind::page);
  EXPECT_EQ(Harness::worker_of(first), kSecond);
  client.refuse(first, ErrorCode::unavailable);
  client.pass(milliseconds(10));
  const Outgoing again = client.take(MessageKind::page);
  EXPECT_EQ(Harness::worker_of(again), kSecond);
  client.answer(again, MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientFailoverTest, ReadsFromNoWorkerThatIsNoReplica) {
  PageCall call = page_call("k");
  call.from = WorkerId{9};
  const CallId id = client.start(call);
  EXPECT_FALSE(client.completed(id));  // a newer map may say otherwise
  client.greet(map);
  EXPECT_EQ(client.error(id).code, ErrorCode::invalid_argument);
  EXPECT_NE(client.error(id).message.find("w1, w2, w3"), std::string::npos);
}

}  // namespace
}  // namespace kipu::client
