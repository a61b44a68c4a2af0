#include "worker/reconciler.h"

#include <gtest/gtest.h>

#include "tests/worker/replicas.h"

namespace kipu::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::entry_of;
using Partitions = std::vector<PartitionId>;

constexpr PartitionId kPartition{0};
constexpr PartitionId kNext{1};
const StoreId kB{Uuid{0, 2}};
const StoreId kC{Uuid{0, 3}};
const Position kHead{7, 9};
const ReconcileRules kRules;

class ReconcilerTest : public ::testing::Test {
 protected:
  ReconcilerTest() { reconciler_.set_buckets({"default"}); }

  void tick() { reconciler_.on_tick(now_, steps_); }
  std::vector<ReconcileSteps::Ask> asks() { return std::exchange(steps_.asks, {}); }
  std::optional<ReconcileSteps::Ask> ask() {
    const auto all = asks();
    EXPECT_LE(all.size(), 1U);
    return all.empty() ? std::nullopt : std::optional(all[0]);
  }
  void answer(const ReconcileSteps::Ask& ask, Page page, bool whole = true) {
    reconciler_.on_reply(now_, ask.to, ask.number,
                         schema::PeerReadReply{whole, 0, ReadResult(std::move(page))}, steps_);
  }
  void merge() {
    for (const auto& merge : std::exchange(steps_.merges, {})) {
      store_.merge(merge.entries);
      reconciler_.on_merged(now_, merge.from, merge.number, steps_);
    }
  }
  // Answers everything from `source` until nothing is asked any more.
  void walk(const test::Replica& source, bool whole = true) {
    for (tick();; merge()) {
      const auto all = asks();
      if (all.empty() && steps_.merges.empty()) return;
      for (const auto& one : all) {
        ScanQuery query = one.query;
        query.max_entries = 3;
        answer(one, std::get<Page>(source.read(query)), whole);
      }
    }
  }

  Instant now_ = Instant::since_start(seconds(1));
  Reconciler reconciler_{kRules};
  ReconcileSteps steps_;
  test::Replica store_;
};

TEST_F(ReconcilerTest, FillsAPartitionPageByPage) {
  std::vector<Entry> entries;
  for (std::uint64_t time = 1; time <= 10; ++time) {
    entries.push_back(entry_of("k" + std::to_string(time % 3), time));
  }
  reconciler_.want(kPartition, {kB}, 1);
  walk(test::Replica(entries));
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kPartition}));
  EXPECT_TRUE(reconciler_.take_filled().empty());
  for (const Entry& entry : entries) EXPECT_TRUE(store_.holds(entry));
}

TEST_F(ReconcilerTest, NeedsSoManyThatAreWhole) {
  reconciler_.want(kPartition, {kB, kC}, 2);
  tick();
  const auto both = asks();
  ASSERT_EQ(both.size(), 2U);
  answer(both[0], {});
  EXPECT_TRUE(reconciler_.take_filled().empty());
  EXPECT_EQ(reconciler_.waiting_for(), (std::set<StoreId>{kC}));
  answer(both[1], {});
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kPartition}));
}

TEST_F(ReconcilerTest, CountsNobodyThatIsNotWhole) {
  reconciler_.want(kPartition, {kB}, 1);
  walk(test::Replica(), false);
  EXPECT_TRUE(reconciler_.take_filled().empty());
  EXPECT_GT(reconciler_.next_tick(), now_);
  now_ = reconciler_.next_tick();
  walk(test::Replica());
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kPartition}));
}

TEST_F(ReconcilerTest, TellsWhoIsNotWholeEitherWhereTooFewOthersAreLeft) {
  const auto say = [&](const std::vector<ReconcileSteps::Ask>& all, StoreId who, bool whole) {
    for (const auto& one : all) {
      if (one.to == who) answer(one, {}, whole);
    }
  };
  reconciler_.want(kPartition, {kB, kC}, 2);
  tick();
  const auto both = asks();
  EXPECT_TRUE(reconciler_.not_whole_either(now_).empty());
  say(both, kB, false);
  EXPECT_EQ(reconciler_.not_whole_either(now_), (std::set<StoreId>{kB}));
  say(both, kC, true);
  EXPECT_EQ(reconciler_.not_whole_either(now_), (std::set<StoreId>{kB}));
  // What it said long ago counts no more: it may have gone, and come back whole.
  EXPECT_TRUE(reconciler_.not_whole_either(now_ + seconds(60)).empty());
}

TEST_F(ReconcilerTest, TellsNobodyWhoIsNotWholeWhereEnoughOthersMayBe) {
  reconciler_.want(kPartition, {kB, kC}, 1);
  tick();
  answer(asks()[0], {}, false);
  EXPECT_TRUE(reconciler_.not_whole_either(now_).empty());
}

TEST_F(ReconcilerTest, DoesNotCountAWalkOfWhichAPageWasNotWhole) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  answer(*ask(), {{entry_of("a", 1)}, false});
  merge();
  answer(*ask(), {}, false);
  EXPECT_TRUE(reconciler_.take_filled().empty());
}

TEST_F(ReconcilerTest, WalksThroughEveryBucket) {
  reconciler_.set_buckets({"default", "state"});
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  const auto first = *ask();
  EXPECT_EQ(first.query.bucket, "default");
  answer(first, {});
  EXPECT_TRUE(reconciler_.take_filled().empty());
  const auto second = *ask();
  EXPECT_EQ(second.query.bucket, "state");
  answer(second, {});
  EXPECT_EQ(reconciler_.take_filled().size(), 1U);
}

TEST_F(ReconcilerTest, AsksForTheNextPageOnceTheLastIsDurable) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  answer(*ask(), {{entry_of("a", 1)}, false});
  now_ = now_ + seconds(60);
  tick();
  EXPECT_TRUE(asks().empty());
  merge();
  EXPECT_EQ(ask()->query.after->key, "a");
}

TEST_F(ReconcilerTest, GoesOnWhereItStoodAfterAnError) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  answer(*ask(), {{entry_of("a", 1)}, false});
  merge();
  const auto second = *ask();
  reconciler_.on_reply(now_, kB, second.number, fail(ErrorCode::overloaded, "busy"), steps_);
  tick();
  EXPECT_TRUE(asks().empty());
  now_ = reconciler_.next_tick();
  tick();
  EXPECT_EQ(ask()->query, second.query);
}

TEST_F(ReconcilerTest, WaitsEverLongerForWhoeverIsSilentButNotForEver) {
  reconciler_.want(kPartition, {kB}, 1);
  Duration last{0};
  for (int round = 0; round < 8; ++round) {
    tick();
    ASSERT_TRUE(ask().has_value());
    const Duration wait = reconciler_.next_tick() - now_;
    EXPECT_GE(wait, last);
    EXPECT_LE(wait, kRules.timeout + kRules.longest_retry);
    last = wait;
    now_ = reconciler_.next_tick();
  }
  EXPECT_EQ(last, kRules.timeout + kRules.longest_retry);
}

// A disk that takes long is not told to begin anew: whatever it answers, however late, counts.
TEST_F(ReconcilerTest, AsksTheSameAgainUntilItIsAnswered) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  const auto first = *ask();
  now_ = reconciler_.next_tick();
  tick();
  const auto again = *ask();
  EXPECT_EQ(again.number, first.number);
  EXPECT_EQ(again.query, first.query);
  answer(first, {});
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kPartition}));
}

TEST_F(ReconcilerTest, TakesNoPageThatCannotBeAnAnswer) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  answer(*ask(), {{}, false});
  EXPECT_TRUE(steps_.merges.empty());
  EXPECT_TRUE(reconciler_.take_filled().empty());
}

TEST_F(ReconcilerTest, TakesNoAnswerToWhatItAskedBefore) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  const auto late = *ask();
  reconciler_.on_reply(now_, kB, late.number, fail(ErrorCode::overloaded, "busy"), steps_);
  now_ = reconciler_.next_tick();
  tick();
  answer(late, {});
  EXPECT_TRUE(reconciler_.take_filled().empty());
}

TEST_F(ReconcilerTest, CatchesUpWithAnOriginThroughAllThatIsShared) {
  reconciler_.catch_up(kB, kHead, {kPartition, kNext});
  walk(test::Replica(), false);
  const auto caught_up = reconciler_.take_caught_up();
  ASSERT_EQ(caught_up.size(), 1U);
  EXPECT_EQ(caught_up[0].origin, kB);
  EXPECT_EQ(caught_up[0].head, kHead);
}

TEST_F(ReconcilerTest, MergesOfAnOriginWhatItHasEvenIfThatIsNotWhole) {
  reconciler_.catch_up(kB, kHead, {kPartition});
  walk(test::Replica({entry_of("a", 1)}), false);
  EXPECT_TRUE(store_.holds(entry_of("a", 1)));
  EXPECT_EQ(reconciler_.take_caught_up().size(), 1U);
}

TEST_F(ReconcilerTest, ServesBothNeedsWithOneWalk) {
  reconciler_.want(kPartition, {kB}, 1);
  reconciler_.catch_up(kB, kHead, {kPartition});
  tick();
  answer(*ask(), {});
  EXPECT_EQ(reconciler_.take_filled().size(), 1U);
  EXPECT_EQ(reconciler_.take_caught_up().size(), 1U);
  EXPECT_TRUE(asks().empty());
}

TEST_F(ReconcilerTest, DoesNotCountAWalkThatBeganBeforeTheNeed) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  const auto early = *ask();
  reconciler_.catch_up(kB, kHead, {kPartition});
  reconciler_.restart(kPartition);
  answer(early, {});
  EXPECT_TRUE(reconciler_.take_filled().empty());
  EXPECT_TRUE(reconciler_.take_caught_up().empty());
  walk(test::Replica());
  EXPECT_EQ(reconciler_.take_filled().size(), 1U);
  EXPECT_EQ(reconciler_.take_caught_up().size(), 1U);
}

TEST_F(ReconcilerTest, BeginsAnewWhereTheBucketsChange) {
  reconciler_.want(kPartition, {kB}, 1);
  tick();
  const auto early = *ask();
  reconciler_.set_buckets({"default", "state"});
  answer(early, {});
  EXPECT_TRUE(reconciler_.take_filled().empty());
  walk(test::Replica());
  EXPECT_EQ(reconciler_.take_filled().size(), 1U);
}

TEST_F(ReconcilerTest, CountsNoWalkThatKnewFewerBuckets) {
  reconciler_.want(kPartition, {kB, kC}, 2);
  tick();
  const auto both = asks();
  answer(both[0], {});
  reconciler_.set_buckets({"default", "state"});
  EXPECT_EQ(reconciler_.waiting_for(), (std::set<StoreId>{kB, kC}));
  walk(test::Replica());
  EXPECT_EQ(reconciler_.take_filled().size(), 1U);
}

// Nothing of it counts as walked through, and the rest is not kept waiting.
TEST_F(ReconcilerTest, GoesOnWithTheOtherPartitionsWhereOneCannotBeRead) {
  reconciler_.want(kPartition, {kB}, 1);
  reconciler_.want(kNext, {kB}, 1);
  reconciler_.catch_up(kB, kHead, {kPartition, kNext});
  tick();
  const auto first = *ask();
  EXPECT_EQ(first.query.partition, kPartition);
  reconciler_.on_reply(now_, kB, first.number, fail(ErrorCode::unreadable, "rot"), steps_);
  const auto second = *ask();
  EXPECT_EQ(second.query.partition, kNext);
  EXPECT_FALSE(reconciler_.lacks_only_damaged(kB));
  answer(second, {});
  EXPECT_TRUE(reconciler_.lacks_only_damaged(kB));
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kNext}));
  EXPECT_TRUE(reconciler_.take_caught_up().empty());
  tick();
  EXPECT_TRUE(asks().empty());
  // It is asked for again, once in a while.
  EXPECT_EQ(reconciler_.next_tick(), now_ + kRules.damaged_retry);
  now_ = reconciler_.next_tick();
  walk(test::Replica());
  EXPECT_EQ(reconciler_.take_filled(), (Partitions{kPartition}));
  EXPECT_EQ(reconciler_.take_caught_up().size(), 1U);
}

TEST_F(ReconcilerTest, HasNothingToDoUntilItIsAsked) {
  EXPECT_EQ(reconciler_.next_tick(), Instant::never());
  tick();
  EXPECT_TRUE(asks().empty());
}

}  // namespace
}  // namespace kipu::worker
