// The stream of a worker: positions, windows, and what is known of its destinations.
#include "worker/origin.h"

#include <gtest/gtest.h>

#include "cluster/map.h"

namespace kipu::worker::test {
namespace {

using std::chrono::seconds;

const StoreId kSelf{Uuid{1, 1}};
const StoreId kNear{Uuid{2, 2}};
const StoreId kFar{Uuid{3, 3}};
constexpr std::uint64_t kOldRun = 70;
constexpr std::uint64_t kRun = 80;

// Partition 0 is of all three, 1 of self and kNear, 2 of self alone.
schema::ClusterMap make_map() {
  schema::ClusterMap map;
  map.replicas = 3;
  map.workers = {{.id = {1}, .store = kSelf, .endpoints = {}, .zone = {}},
                 {.id = {2}, .store = kNear, .endpoints = {}, .zone = {}},
                 {.id = {3}, .store = kFar, .endpoints = {}, .zone = {}}};
  map.placement = {{{1}, {2}, {3}}, {{2}, {1}}, {{1}}};
  return map;
}

class OriginTest : public ::testing::Test {
 protected:
  OriginTest() {
    info_.store = kSelf;
    info_.runs = {{kOldRun, 9}, {kRun}};
  }
  Origin& origin() {
    if (!origin_) {
      peers_.take(now_, make_map());
      origin_.emplace(info_, window_);
      origin_->take(peers_);
    }
    return *origin_;
  }
  storage::Change begin(std::vector<std::uint32_t> partitions) {
    storage::Change change;
    for (const std::uint32_t partition : partitions) {
      change.entries.push_back(
          {{partition},
           make_entry("default", "k", {}, EntryKind::append, Values{std::string(100, 'v')})});
    }
    origin().begin(now_, peers_, change);
    return change;
  }
  std::vector<schema::Bundle> commit(std::vector<std::uint32_t> partitions) {
    begin(std::move(partitions));
    return origin().committed();
  }
  std::optional<StreamEvent> stands(StoreId from, Position cursor, bool holds = true) {
    return origin().on_standing({from, cursor, holds, {}, false});
  }
  Position last_of(StoreId store) {
    for (const schema::Beacon& beacon : origin().beacons()) {
      if (beacon.to == store) return beacon.last;
    }
    return {};
  }

  storage::StoreInfo info_;
  std::size_t window_ = 10'000;
  Instant now_ = Instant::since_start(seconds(1));
  PeerBook peers_{kSelf, seconds(1), seconds(1)};

 private:
  std::optional<Origin> origin_;
};

TEST_F(OriginTest, NumbersWhatOthersReplicateAndNothingElse) {
  EXPECT_FALSE(begin({2}).position.has_value());
  EXPECT_TRUE(origin().committed().empty());
  const storage::Change change = begin({2, 0});
  EXPECT_EQ(change.position, (Position{kRun, 1}));
  EXPECT_EQ(change.logged, 2U);
  origin().committed();
  EXPECT_EQ(begin({1}).position, (Position{kRun, 2}));
}

TEST_F(OriginTest, ChainsTheBundlesOfEachDestination) {
  info_.stream.head = {kOldRun, 5};
  const auto first = commit({0, 1});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].to, kNear);
  EXPECT_EQ(first[0].entries.size(), 2U);
  EXPECT_EQ(first[1].to, kFar);
  EXPECT_EQ(first[1].entries.size(), 1U);
  EXPECT_EQ(first[1].previous, (Position{kOldRun, 5}));
  const auto second = commit({1});
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].previous, (Position{kRun, 1}));
  const auto third = commit({0});
  EXPECT_EQ(third[0].previous, (Position{kRun, 2}));
  EXPECT_EQ(third[1].previous, (Position{kRun, 1}));
  EXPECT_EQ(last_of(kNear), (Position{kRun, 3}));
}

TEST_F(OriginTest, PublishesNothingBeforeItIsDurable) {
  begin({0});
  EXPECT_TRUE(last_of(kNear).is_none());
  EXPECT_EQ(origin().committed().size(), 2U);
  EXPECT_EQ(last_of(kNear), (Position{kRun, 1}));
}

TEST_F(OriginTest, SkipsADestinationPastItsWindowUntilItHasCaughtUp) {
  window_ = 400;  // two entries and a bit
  EXPECT_EQ(commit({1}).size(), 1U);
  EXPECT_EQ(commit({1}).size(), 1U);
  EXPECT_TRUE(commit({1}).empty());
  EXPECT_TRUE(commit({1}).empty());
  stands(kNear, {kRun, 2});
  EXPECT_TRUE(commit({1}).empty());
  stands(kNear, {kRun, 5});
  EXPECT_EQ(commit({1}).size(), 1U);
}

TEST_F(OriginTest, PublishesWhatIsLargerThanTheWindowWhenNothingIsOnItsWay) {
  window_ = 10;
  EXPECT_EQ(commit({1}).size(), 1U);
  EXPECT_TRUE(commit({1}).empty());
}

TEST_F(OriginTest, RemembersAcknowledgementsAndTrimsWhatAllHave) {
  commit({0});
  commit({0});
  stands(kNear, {kRun, 2});
  const storage::Change near_only = begin({0});
  EXPECT_EQ(near_only.acknowledged, (std::map<StoreId, Position>{{kNear, {kRun, 2}}}));
  EXPECT_FALSE(near_only.trim_through.has_value());
  origin().committed();
  stands(kFar, {kRun, 1});
  const storage::Change both = begin({0});
  EXPECT_EQ(both.acknowledged, (std::map<StoreId, Position>{{kFar, {kRun, 1}}}));
  EXPECT_EQ(both.trim_through, (Position{kRun, 1}));
}

TEST_F(OriginTest, CountsNoCursorWithoutALeaseAsAcknowledged) {
  commit({0});
  stands(kNear, {kRun, 1}, false);
  EXPECT_TRUE(begin({0}).acknowledged.empty());
  // It is told what it said, so that it does not look lost to itself.
  EXPECT_EQ(origin().acknowledged(kNear), (Position{kRun, 1}));
}

TEST_F(OriginTest, NoticesAPeerThatStandsBehindWhatItAcknowledged) {
  info_.stream.head = {kOldRun, 9};
  info_.stream.acknowledged[kNear] = {kOldRun, 7};
  EXPECT_EQ(stands(kNear, {kOldRun, 6}), StreamEvent(PeerLost{kNear}));
  EXPECT_EQ(stands(kNear, {}), StreamEvent(PeerLost{kNear}));
  EXPECT_EQ(origin().acknowledged(kNear), (Position{kOldRun, 7}));
  EXPECT_EQ(stands(kNear, {kOldRun, 7}), std::nullopt);
  EXPECT_EQ(stands(kNear, {kOldRun, 9}), std::nullopt);
  EXPECT_EQ(stands(kFar, {}), std::nullopt);
}

TEST_F(OriginTest, NoticesThatItStandsBehindItselfAndSaysSoOnce) {
  info_.stream.head = {kOldRun, 9};
  EXPECT_EQ(stands(kNear, {kOldRun, 10}), StreamEvent(SelfLost{kNear, {}, kOldRun}));
  EXPECT_EQ(stands(kNear, {kOldRun, 10}), std::nullopt);
  EXPECT_EQ(stands(kFar, {75, 1}), StreamEvent(SelfLost{kFar, {}, 75}));
  EXPECT_EQ(stands(kNear, {kRun, 1}), StreamEvent(SelfLost{kNear, {}, kRun}));
}

// Whoever fetches is told that the log is trimmed, and may stand elsewhere before its Standing
// comes.
TEST_F(OriginTest, NoticesThatItStandsBehindAFetch) {
  info_.stream.head = {kOldRun, 9};
  EXPECT_EQ(origin().on_fetch(kNear, {kOldRun, 9}), std::nullopt);
  EXPECT_EQ(origin().on_fetch(kNear, {kOldRun, 10}), StreamEvent(SelfLost{kNear, {}, kOldRun}));
  EXPECT_EQ(origin().on_fetch(kNear, {kOldRun, 10}), std::nullopt);
  EXPECT_EQ(stands(kNear, {kOldRun, 10}), std::nullopt);
  EXPECT_EQ(stands(kFar, {kOldRun, 10}), StreamEvent(SelfLost{kFar, {}, kOldRun}));
}

// A copy from the midst of a run goes on in a run of its own, and another open later its head is of
// that one.
TEST_F(OriginTest, NoticesWhatItHasNotOfARunLongAgo) {
  constexpr std::uint64_t kRunBetween = 75;
  info_.runs = {{kOldRun, 9}, {kRunBetween, 3}, {kRun}};
  info_.stream.head = {kRunBetween, 3};
  EXPECT_EQ(stands(kNear, {kOldRun, 9}), std::nullopt);
  EXPECT_EQ(stands(kFar, {kOldRun, 10}), StreamEvent(SelfLost{kFar, {}, kOldRun}));
}

TEST_F(OriginTest, KnowsACommitThatWasFetchedBeforeItHeardThatItIsDurable) {
  begin({0});
  EXPECT_EQ(stands(kNear, {kRun, 1}), std::nullopt);
  EXPECT_EQ(stands(kFar, {kRun, 2}), StreamEvent(SelfLost{kFar, {}, kRun}));
  EXPECT_EQ(origin().committed().size(), 2U);
  EXPECT_EQ(last_of(kNear), (Position{kRun, 1}));
  const auto next = commit({1});
  EXPECT_EQ(next[0].previous, (Position{kRun, 1}));
}

TEST_F(OriginTest, MovesOnAnIdleDestinationSoThatItsLogIsNotKept) {
  commit({0});
  stands(kNear, {kRun, 1});
  stands(kFar, {kRun, 1});
  for (int commits = 0; commits < 5000; ++commits) {
    commit({1});
    stands(kNear, origin().head());
  }
  EXPECT_EQ(last_of(kFar), origin().head());
}

// Large commits fill the log long before there are many of them.
TEST_F(OriginTest, MovesOnAnIdleDestinationAfterManyEntriesToo) {
  commit({0});
  stands(kNear, {kRun, 1});
  stands(kFar, {kRun, 1});
  const std::vector<std::uint32_t> large(500, 1);
  for (int commits = 0; commits < 8; ++commits) {
    commit(large);
    stands(kNear, origin().head());
  }
  EXPECT_EQ(last_of(kFar), (Position{kRun, 1}));
  commit(large);
  stands(kNear, origin().head());
  EXPECT_EQ(last_of(kFar), origin().head());
  // Only once more, when it stands there, and as much has come again.
  stands(kFar, origin().head());
  const Position there = origin().head();
  commit(large);
  EXPECT_EQ(last_of(kFar), there);
}

// It has not said that it holds what concerned it: nobody may claim that it does.
TEST_F(OriginTest, MovesNobodyOnWhoLacksSomething) {
  commit({0});
  const std::vector<std::uint32_t> large(500, 1);
  for (int commits = 0; commits < 10; ++commits) commit(large);
  EXPECT_EQ(last_of(kFar), (Position{kRun, 1}));
}

TEST_F(OriginTest, TellsHowFarEachReplicaIsBehind) {
  commit({0, 0});
  now_ = now_ + seconds(3);
  commit({1});
  stands(kFar, {kRun, 1});
  const auto lags = origin().lags(now_, peers_);
  ASSERT_EQ(lags.size(), 1U);
  EXPECT_EQ(lags[0], (ReplicaLag{WorkerId{2}, 3, seconds(3)}));
}

TEST_F(OriginTest, BoundsWhatItKeepsOfASilentDestination) {
  for (int commits = 0; commits < 10'000; ++commits) commit({1});
  EXPECT_EQ(origin().lags(now_, peers_)[0].entries, 10'000U);
  stands(kNear, origin().head());
  EXPECT_TRUE(origin().lags(now_, peers_).empty());
}

}  // namespace
}  // namespace kipu::worker::test
