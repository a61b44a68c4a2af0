// Worker machines that replicate each other: streams, gaps, quorum writes, leases.
#include "tests/worker/replica_cluster.h"

namespace kipu::worker::test {
namespace {

using ::testing::HasSubstr;

Entry entry_of(int number, std::size_t bytes = 1) {
  return append_of("key" + std::to_string(number), std::string(bytes, 'v'));
}

void expect_same_contents(ReplicaCluster& cluster, std::size_t size, std::size_t entries) {
  for (std::size_t number = 0; number < size; ++number) {
    EXPECT_EQ(cluster.contents(number).size(), entries) << "at " << number;
    EXPECT_EQ(cluster.contents(number), cluster.contents(0)) << "at " << number;
  }
}

TEST(ReplicationTest, AnswersAQuorumWriteOnceAnotherReplicaHoldsItDurably) {
  ReplicaCluster cluster(3, 3);
  cluster.node(1).holds_commits = cluster.node(2).holds_commits = true;
  cluster.append(0, 7, {entry_of(1)});
  ASSERT_EQ(cluster.node(1).commits.size(), 1U);  // it has arrived, and is not durable
  EXPECT_FALSE(cluster.reply_to(0, 7).has_value());
  cluster.finish(1);
  ASSERT_TRUE(cluster.reply_to(0, 7).has_value());
  EXPECT_EQ(cluster.reply_to(0, 7)->holders, 2U);
}

TEST(ReplicationTest, AnswersEachLevelByItsHolders) {
  ReplicaCluster cluster(3, 3);
  cluster.node(1).holds_commits = cluster.node(2).holds_commits = true;
  cluster.append(0, 1, {entry_of(1)}, Level::one);
  EXPECT_EQ(cluster.reply_to(0, 1)->holders, 1U);
  cluster.append(0, 2, {entry_of(2)}, Level::all);
  cluster.append(0, 3, {entry_of(3)}, Level::none);
  while (!cluster.node(1).commits.empty()) cluster.finish(1);
  EXPECT_FALSE(cluster.reply_to(0, 2).has_value());
  while (!cluster.node(2).commits.empty()) cluster.finish(2);
  EXPECT_EQ(cluster.reply_to(0, 2)->holders, 3U);
  EXPECT_FALSE(cluster.node(0).answers.contains(3));
  expect_same_contents(cluster, 3, 3);
}

TEST(ReplicationTest, SaysHowManyHoldAWriteWhoseOutcomeIsUnknown) {
  ReplicaCluster cluster(3, 3);
  cluster.node(1).holds_commits = cluster.node(2).holds_commits = true;
  cluster.append(0, 7, {entry_of(1)}, Level::quorum, milliseconds(400));
  cluster.pass_beacons(2);
  ASSERT_TRUE(cluster.error_of(0, 7).has_value());
  EXPECT_EQ(cluster.error_of(0, 7)->code, ErrorCode::outcome_unknown);
  EXPECT_THAT(cluster.error_of(0, 7)->message, HasSubstr("held by 1"));
}

TEST(ReplicationTest, WritesPositionsPublishesAndCountsARetryAgain) {
  ReplicaCluster cluster(3, 3);
  cluster.append(0, 1, {entry_of(1)});
  const std::size_t published = cluster.node(0).published;
  const Position first = *cluster.node(0).changes.back().position;
  cluster.append(0, 2, {entry_of(1)});
  EXPECT_EQ(cluster.reply_to(0, 2)->holders, 2U);
  EXPECT_EQ(cluster.node(0).published, published + 2);
  const storage::Change& again = cluster.node(0).changes.back();
  EXPECT_EQ(again.entries.size(), 1U);
  EXPECT_EQ(again.logged, 1U);
  EXPECT_EQ(again.position, (Position{first.run, first.counter + 1}));
  expect_same_contents(cluster, 3, 1);
}

TEST(ReplicationTest, RefusesBeforeItWritesWhatTooFewLiveReplicasCouldHold) {
  ReplicaCluster cluster(3, 3);
  cluster.node(1).cut = cluster.node(2).cut = true;
  cluster.pass_beacons(4);
  cluster.append(0, 1, {entry_of(1)});
  const auto reply = cluster.reply_to(0, 1);
  ASSERT_EQ(reply->refusals.size(), 1U);
  EXPECT_EQ(reply->refusals[0].error.code, ErrorCode::unavailable);
  EXPECT_THAT(reply->refusals[0].error.message,
              HasSubstr("1 of 3 replicas of this partition is live, 2 are needed"));
  EXPECT_TRUE(cluster.contents(0).empty());
  cluster.append(0, 2, {entry_of(2)}, Level::one);
  EXPECT_EQ(cluster.reply_to(0, 2)->holders, 1U);
}

TEST(ReplicationTest, ConvergesAfterLostRepeatedAndReorderedBundles) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ReplicaCluster cluster(3, 3, {}, seed);
    cluster.lose = 3;
    cluster.repeat = 4;
    cluster.disorder = 3;
    int written = 0;
    for (int round = 0; round < 10; ++round) {
      for (std::size_t number = 0; number < 3; ++number) {
        cluster.append(number, 100, {entry_of(written)});
        ++written;
      }
      cluster.pass(milliseconds(100));
    }
    cluster.lose = cluster.repeat = cluster.disorder = 0;
    cluster.pass_beacons(6);
    expect_same_contents(cluster, 3, static_cast<std::size_t>(written));
  }
}

TEST(ReplicationTest, PublishesToEachReplicaOnlyWhatItReplicates) {
  ReplicaCluster cluster(4, 2);
  for (int number = 0; number < 40; ++number) {
    for (std::size_t worker = 0; worker < 4; ++worker) {
      cluster.append(worker, 1, {entry_of(number)});  // three of them refuse it or hold it twice
    }
  }
  cluster.pass_beacons(4);
  std::size_t held = 0;
  for (std::size_t worker = 0; worker < 4; ++worker) held += cluster.contents(worker).size();
  EXPECT_EQ(held, 80U);
}

TEST(ReplicationTest, StopsPublishingPastTheWindowAndCatchesUpByFetching) {
  Config config;
  config.stream_window_bytes = 5000;
  ReplicaCluster cluster(3, 3, config);
  cluster.node(2).cut = true;
  const std::size_t before = cluster.node(0).published;
  for (int number = 0; number < 40; ++number) {
    cluster.append(0, 1, {entry_of(number, 1000)});
    EXPECT_EQ(cluster.reply_to(0, 1)->holders, 2U);
  }
  const std::size_t published = cluster.node(0).published - before;
  EXPECT_GE(published, 40U);
  EXPECT_LE(published, 45U);  // all of them to one, and a window of them to the other
  cluster.node(2).cut = false;
  cluster.pass_beacons(2);
  expect_same_contents(cluster, 3, 40);
  // It is published to again.
  const std::size_t caught_up = cluster.node(0).published;
  cluster.append(0, 2, {entry_of(99)});
  EXPECT_EQ(cluster.node(0).published, caught_up + 2);
}

TEST(ReplicationTest, BoundsWhatItTakesInAndFetchesTheRestLater) {
  Config config;
  config.max_incoming_bytes = 2000;
  ReplicaCluster cluster(3, 3, config);
  cluster.node(2).holds_commits = true;
  for (int number = 0; number < 40; ++number) cluster.append(0, 1, {entry_of(number, 500)});
  cluster.node(2).holds_commits = false;
  cluster.pass_beacons(3);
  expect_same_contents(cluster, 3, 40);
}

// The log names an entry that is not there: who missed it gets the rest all the same, and goes on.
TEST(ReplicationTest, ReconcilesWhatTheLogOfItsOriginCannotSay) {
  ReplicaCluster cluster(3, 3);
  cluster.node(2).cut = true;
  for (int number = 1; number <= 3; ++number) cluster.append(0, 1, {entry_of(number)});
  cluster.lose_entry(0, entry_of(2));
  cluster.node(2).cut = false;
  cluster.pass_beacons(8);
  EXPECT_EQ(cluster.contents(2).size(), 2U);
  EXPECT_EQ(cluster.contents(2), cluster.contents(0));
  cluster.append(0, 2, {entry_of(4)}, Level::all);
  ASSERT_TRUE(cluster.reply_to(0, 2).has_value());
  EXPECT_EQ(cluster.reply_to(0, 2)->holders, 3U);
}

TEST(ReplicationTest, NeitherTakesNorAcknowledgesWritesWithoutALease) {
  ReplicaCluster cluster(3, 3);
  cluster.node(1).holds_commits = cluster.node(2).holds_commits = true;
  cluster.append(0, 1, {entry_of(1)}, Level::quorum, seconds(5));
  cluster.broker_answers = false;
  cluster.pass_beacons(9);
  cluster.append(0, 2, {entry_of(2)});
  EXPECT_EQ(cluster.error_of(0, 2)->code, ErrorCode::unavailable);
  cluster.finish(1);
  cluster.finish(2);
  EXPECT_FALSE(cluster.reply_to(0, 1).has_value());
  // They hold it, and may say so again.
  cluster.broker_answers = true;
  cluster.node(1).holds_commits = cluster.node(2).holds_commits = false;
  cluster.pass_beacons(3);
  ASSERT_TRUE(cluster.reply_to(0, 1).has_value());
  EXPECT_GE(cluster.reply_to(0, 1)->holders, 2U);
}

TEST(ReplicationTest, SubscribesAnewToAStreamThatIsSilentWhileItsPeerLives) {
  ReplicaCluster cluster(3, 3);
  cluster.lose = 1;
  // What the peer socket carries shows that they live: fetches keep them talking.
  for (int beacon = 0; beacon < 8; ++beacon) {
    for (std::size_t from = 0; from < 3; ++from) {
      for (std::size_t to = 0; to < 3; ++to) {
        if (from == to) continue;
        schema::Envelope envelope;
        envelope.kind = MessageKind::standing;
        Effects effects;
        cluster.node(to).machine->on_peer_message(
            cluster.now(),
            schema::make_message(envelope, schema::Standing{.from = cluster.id(from),
                                                            .cursor = {},
                                                            .holds = false,
                                                            .acknowledged = {},
                                                            .answer = false}),
            effects);
      }
    }
    cluster.pass_beacons(1);
  }
  EXPECT_GE(cluster.node(0).resubscribed.size(), 2U);
  EXPECT_LE(cluster.node(0).resubscribed.size(), 4U);
}

class LostStreamTest : public MachineTest {
 protected:
  LostStreamTest() {
    info_.runs = {{70}};
    info_.whole.kind = storage::Wholeness::Kind::all_but;
    auto map = make_map(1);
    map.replicas = 2;
    map.placement.assign(map.placement.size(), schema::Replicas{{1}, {2}});
    say_welcome();
    receive(MessageKind::map_store, 50, map);
    machine().on_map_saved(now_, version(1), {}, effects_);
    receive(MessageKind::map_in_force, 51, schema::MapStored{version(1)});
    effects_ = {};
  }
  void fetch(const Position& after) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::fetch;
    envelope.request_id = 7;
    envelope.remaining = seconds(1);
    machine().on_peer_message(
        now_, schema::make_message(envelope, schema::Fetch{kOtherStore, after}), effects_);
  }
};

// Its cursor says nothing of what it has by walks: but the other may have lost even that it had it.
TEST_F(LostStreamTest, TellsWhoWasOpenedHowFarItWasHeardToHaveCome) {
  schema::Envelope envelope;
  envelope.kind = MessageKind::beacon;
  machine().on_stream_message(
      now_,
      schema::make_message(envelope, schema::Beacon{kOtherStore, info_.store, Position{60, 9}}),
      effects_);
  effects_ = {};
  envelope.kind = MessageKind::standing;
  envelope.request_id = 8;
  const schema::Standing opened{kOtherStore, {}, false, {}, true};
  machine().on_peer_message(now_, schema::make_message(envelope, opened), effects_);
  ASSERT_EQ(effects_.to_peers.size(), 2U);
  const schema::Message& first = effects_.to_peers[0].message;
  ASSERT_EQ(first.envelope.kind, MessageKind::fetch);
  EXPECT_EQ(schema::decode<schema::Fetch>(first.body.view())->after, (Position{60, 9}));
  EXPECT_EQ(effects_.to_peers[1].message.envelope.kind, MessageKind::standing);
}

// The other one moves to where this store has been once it is told that the log is trimmed, and a
// crash must not forget then what this store has lost.
TEST_F(LostStreamTest, TellsNobodyThatItsLogIsTrimmedBeforeItHasSavedWhatItLost) {
  fetch({60, 9});
  ASSERT_TRUE(effects_.save_wholeness.has_value());
  EXPECT_EQ(effects_.save_wholeness->whole.missing.size(), make_map(1).placement.size());
  EXPECT_TRUE(effects_.reads.empty());
  fetch({60, 9});
  EXPECT_TRUE(effects_.reads.empty());
  machine().on_wholeness_saved(now_, effects_.save_wholeness->id, {}, effects_);
  fetch({60, 9});
  EXPECT_EQ(effects_.reads.size(), 1U);
}

TEST(ReplicationTest, CostsNothingWhereNobodyReplicates) {
  ReplicaCluster cluster(3, 1);
  std::size_t stored = 0;
  for (int number = 0; number < 12; ++number) {
    cluster.append(0, 1, {entry_of(number)});
    stored += cluster.reply_to(0, 1)->holders;
  }
  EXPECT_GT(stored, 0U);
  EXPECT_EQ(cluster.node(0).published, 0U);
  ASSERT_EQ(cluster.node(0).changes.size(), stored);
  for (const storage::Change& change : cluster.node(0).changes) {
    EXPECT_FALSE(change.position.has_value());
    EXPECT_EQ(change.logged, 0U);
  }
}

}  // namespace
}  // namespace kipu::worker::test
