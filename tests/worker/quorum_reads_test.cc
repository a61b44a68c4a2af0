// Reads of several replicas, and what keeps a store that has lost something from taking part: whole
// machines.

#include <gtest/gtest.h>

#include "tests/worker/machines.h"

namespace kipu::worker::test {
namespace {

Entry entry_of(const std::string& key, std::uint64_t time) {
  return make_entry("default", key, Stamp{StampTime(time), 1}, EntryKind::append, Values{"v"});
}

const Entry kA = entry_of("key", 1);
const Entry kB = entry_of("key", 2);

PageQuery page_query(Level level = Level::bucket_default) {
  PageQuery query;
  query.partition = cluster::partition_of("default", "key", Machines::kPartitions);
  query.bucket = "default";
  query.key = "key";
  query.level = level;
  return query;
}

class QuorumReadsTest : public ::testing::Test {
 protected:
  QuorumReadsTest() { cluster_.pass(seconds(1)); }

  Result<Page> page(std::size_t at, Level level = Level::bucket_default) {
    return cluster_.ask<Page>(at, MessageKind::page, page_query(level));
  }

  Machines cluster_{3};
};

TEST_F(QuorumReadsTest, AnswersWhatOneOfTheOthersHas) {
  cluster_.plant(1, {kA});
  cluster_.plant(2, {kA});
  EXPECT_EQ(page(0).value().entries, (std::vector<Entry>{kA}));
  EXPECT_TRUE(cluster_.holds(0, kA));
}

TEST_F(QuorumReadsTest, AnswersOnlyWhatAMajorityHoldsThen) {
  cluster_.plant(0, {kA, kB});
  EXPECT_EQ(page(0).value().entries, (std::vector<Entry>{kA, kB}));
  EXPECT_TRUE(cluster_.holds(1, kB) || cluster_.holds(2, kB));
  cluster_.stop(0);
  EXPECT_EQ(page(1).value().entries, (std::vector<Entry>{kA, kB}));
}

TEST_F(QuorumReadsTest, ReadsOneStoreWhereOneIsEnough) {
  cluster_.plant(1, {kA});
  EXPECT_TRUE(page(0, Level::one).value().entries.empty());
}

TEST_F(QuorumReadsTest, AsksAllForLevelAll) {
  cluster_.plant(2, {kA});
  EXPECT_EQ(page(0, Level::all).value().entries, (std::vector<Entry>{kA}));
  cluster_.stop(2);
  cluster_.pass(seconds(1));
  EXPECT_EQ(page(0, Level::all).error().code, ErrorCode::unavailable);
}

TEST_F(QuorumReadsTest, RefusesALevelThatIsForWritesOnly) {
  EXPECT_EQ(page(0, Level::none).error().code, ErrorCode::malformed);
}

TEST_F(QuorumReadsTest, AsksAnotherWhereOneIsCutOff) {
  cluster_.plant(2, {kA});
  cluster_.cut(0, 1);
  EXPECT_EQ(page(0).value().entries, (std::vector<Entry>{kA}));
}

TEST_F(QuorumReadsTest, SaysAtOnceWhoIsMissing) {
  cluster_.stop(1);
  cluster_.stop(2);
  cluster_.pass(seconds(1));
  const auto answer = page(0);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_NE(answer.error().message.find("w2, w3"), std::string::npos) << answer.error().message;
  EXPECT_TRUE(page(0, Level::one).has_value());
}

TEST_F(QuorumReadsTest, CountsAndListsWhatTheReplicasHaveTogether) {
  cluster_.plant(0, {kA, entry_of("other", 1)});
  cluster_.plant(1, {kB});
  cluster_.plant(2, {kB});
  CountQuery count;
  count.partition = page_query().partition;
  count.bucket = "default";
  count.key = "key";
  EXPECT_EQ(cluster_.ask<Count>(0, MessageKind::count, count).value().entries, 2U);
  KeysQuery keys;
  for (std::uint32_t number = 0; number < Machines::kPartitions; ++number) {
    keys.partitions.push_back({number});
  }
  keys.bucket = "default";
  EXPECT_EQ(cluster_.ask<KeysPage>(0, MessageKind::keys, keys).value().keys,
            (std::vector<std::string>{"key", "other"}));
  ScanQuery scan;
  scan.partition = page_query().partition;
  scan.bucket = "default";
  EXPECT_GE(cluster_.ask<Page>(0, MessageKind::scan, scan).value().entries.size(), 2U);
}

TEST_F(QuorumReadsTest, AnswersAtEveryLevelThatTheOthersSufficeForWhatItCannotRead) {
  cluster_.plant(1, {kA});
  cluster_.plant(2, {kA, kB});
  cluster_.rot(0, page_query().partition);
  EXPECT_EQ(page(0, Level::one).value().entries, (std::vector<Entry>{kA}));
  EXPECT_EQ(page(0).value().entries, (std::vector<Entry>{kA, kB}));
  EXPECT_EQ(page(1).value().entries, (std::vector<Entry>{kA, kB}));
  EXPECT_EQ(page(0, Level::all).error().code, ErrorCode::unreadable);
  PageQuery query = page_query();
  query.as_it_stands = true;
  EXPECT_EQ(cluster_.ask<Page>(0, MessageKind::page, query).error().code, ErrorCode::unreadable);
}

TEST_F(QuorumReadsTest, TellsThatItCannotReadAPartOfItsStore) {
  cluster_.plant(1, {kA});
  cluster_.plant(2, {kA});
  cluster_.rot(0, page_query().partition);
  EXPECT_TRUE(page(0).has_value());
  EXPECT_TRUE(page(0).has_value());
  const WallTime first = cluster_.now().wall;
  cluster_.pass(seconds(1));
  const UnreadableReads& told = cluster_.health(0).unreadable;
  EXPECT_EQ(told.count, 2U);
  EXPECT_EQ(told.since, first);
  EXPECT_EQ(told.what, "block checksum mismatch");
  EXPECT_EQ(cluster_.health(1).unreadable.count, 0U);
}

TEST_F(QuorumReadsTest, ServesNothingOfALostStoreBeforeItHasAllAgain) {
  cluster_.plant(1, {kA});
  cluster_.plant(2, {kB});
  cluster_.stop(1);
  cluster_.lose(0);
  cluster_.pass(seconds(3));
  EXPECT_EQ(page(0).error().code, ErrorCode::unavailable);
  EXPECT_EQ(page(0, Level::one).error().code, ErrorCode::unavailable);
  EXPECT_TRUE(cluster_.holds(0, kB));
  EXPECT_EQ(cluster_.health(0).not_whole, Machines::kPartitions);
  EXPECT_NE(cluster_.health(0).why_not_whole.find("w2"), std::string::npos);
  // As it stands, it may be read all the same.
  PageQuery query = page_query();
  query.as_it_stands = true;
  EXPECT_TRUE(cluster_.ask<Page>(0, MessageKind::page, query).has_value());
}

TEST_F(QuorumReadsTest, ServesALostStoreOnceItHasReadTheOthers) {
  cluster_.plant(1, {kA});
  cluster_.plant(2, {kB});
  cluster_.lose(0);
  cluster_.pass(seconds(10));
  EXPECT_EQ(cluster_.health(0).not_whole, 0U) << cluster_.health(0).why_not_whole;
  EXPECT_EQ(page(0, Level::one).value().entries, (std::vector<Entry>{kA, kB}));
  EXPECT_EQ(cluster_.store(0).info().whole,
            (storage::Wholeness{storage::Wholeness::Kind::all_but, {}}));
}

// Two that are lost wait for each other for ever, unless an operator says that what neither of them
// nor the third has is lost.
TEST_F(QuorumReadsTest, ServesTwoLostStoresOnceTheyHaveAllThatIsLeftIfTheLossIsAccepted) {
  cluster_.plant(0, {kA});
  cluster_.plant(2, {kB});
  cluster_.stop(1);
  cluster_.lose(0);
  cluster_.lose(1);
  cluster_.pass(seconds(20));
  EXPECT_EQ(cluster_.health(0).not_whole, Machines::kPartitions);
  EXPECT_NE(cluster_.health(0).why_not_whole.find("w2 is not whole either"), std::string::npos)
      << cluster_.health(0).why_not_whole;
  EXPECT_NE(cluster_.health(0).why_not_whole.find("`kipu-worker accept-loss`"), std::string::npos);
  cluster_.stop(1);
  cluster_.lose(0, true);
  cluster_.lose(1, true);
  cluster_.pass(seconds(20));
  for (const std::size_t at : {0U, 1U}) {
    EXPECT_EQ(cluster_.health(at).not_whole, 0U) << cluster_.health(at).why_not_whole;
    EXPECT_EQ(page(at).value().entries, (std::vector<Entry>{kB}));
    EXPECT_FALSE(cluster_.store(at).info().whole.accepts_loss);
  }
}

// Of two that wait for each other it is enough to say so to one: the other is filled from it.
TEST_F(QuorumReadsTest, FillsTheSecondFromTheFirstWhoseLossIsAccepted) {
  cluster_.plant(2, {kA, kB});
  cluster_.stop(1);
  cluster_.lose(0);
  cluster_.lose(1);
  cluster_.pass(seconds(10));
  cluster_.accept_loss(0);
  cluster_.pass(seconds(20));
  for (const std::size_t at : {0U, 1U}) {
    EXPECT_EQ(cluster_.health(at).not_whole, 0U) << cluster_.health(at).why_not_whole;
    EXPECT_EQ(page(at).value().entries, (std::vector<Entry>{kA, kB}));
  }
}

// Whoever is away may come back whole, and fill it.
TEST_F(QuorumReadsTest, NamesNoLossToAcceptWhereAnotherMayComeBack) {
  cluster_.plant(1, {kA});
  cluster_.stop(1);
  cluster_.stop(2);
  cluster_.lose(0);
  cluster_.pass(seconds(20));
  EXPECT_EQ(cluster_.health(0).why_not_whole, "fills it from w2, w3");
}

TEST_F(QuorumReadsTest, WaitsForAllOthersWhereTheLossIsAccepted) {
  cluster_.plant(2, {kB});
  cluster_.lose(0, true);
  cluster_.lose(1, true);
  cluster_.stop(2);
  cluster_.pass(seconds(20));
  EXPECT_EQ(cluster_.health(0).not_whole, Machines::kPartitions);
  EXPECT_EQ(page(0).error().code, ErrorCode::unavailable);
}

TEST(OneReplicaTest, BeginsAnewWhereTheLossIsAccepted) {
  Machines alone{1};
  alone.pass(seconds(1));
  alone.plant(0, {kA});
  alone.lose(0);
  alone.pass(seconds(5));
  EXPECT_EQ(alone.health(0).not_whole, Machines::kPartitions);
  EXPECT_NE(alone.health(0).why_not_whole.find("--accept-loss"), std::string::npos);
  alone.lose(0, true);
  alone.pass(seconds(5));
  EXPECT_EQ(alone.health(0).not_whole, 0U);
  EXPECT_TRUE(alone.ask<Page>(0, MessageKind::page, page_query()).value().entries.empty());
}

TEST_F(QuorumReadsTest, TakesNoPartInReadsWhileItIsNotWhole) {
  cluster_.stop(1);
  cluster_.lose(0);
  cluster_.pass(seconds(3));
  EXPECT_EQ(page(2).error().code, ErrorCode::unavailable);
}

// Whoever has not heard of a bucket yet counts neither as one that has nothing in it nor as one
// that has been walked through.
TEST_F(QuorumReadsTest, CountsNobodyForABucketThatItDoesNotKnow) {
  ++cluster_.map().version.epoch;
  cluster_.map().buckets.insert(cluster_.map().buckets.begin() + 1, Bucket{.name = "later"});
  cluster_.give_map(2);
  const Entry later =
      make_entry("later", "key", Stamp{StampTime(1), 1}, EntryKind::append, Values{"v"});
  cluster_.plant(2, {later});
  cluster_.lose(0);  // and hears of the bucket, which the second has not
  cluster_.pass(seconds(10));
  EXPECT_EQ(cluster_.health(0).not_whole, Machines::kPartitions);
  cluster_.give_map(1);
  cluster_.pass(seconds(10));
  EXPECT_EQ(cluster_.health(0).not_whole, 0U) << cluster_.health(0).why_not_whole;
  EXPECT_TRUE(cluster_.holds(0, later));
}

TEST_F(QuorumReadsTest, ServesAfterARestartOnceItHasComparedWithTheOthers) {
  cluster_.stop(0);
  cluster_.cut(0, 1);
  cluster_.cut(0, 2);
  cluster_.start(0);
  cluster_.pass(milliseconds(500));
  EXPECT_EQ(page(0).error().code, ErrorCode::unavailable);
  cluster_.heal();
  cluster_.pass(seconds(2));
  EXPECT_TRUE(page(0).has_value());
}

}  // namespace
}  // namespace kipu::worker::test
