// Following the streams of others: order, gaps, fetches, comparisons.
#include "worker/follower.h"

#include <gtest/gtest.h>

namespace kipu::worker::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const StoreId kSelf{Uuid{1, 1}};
const StoreId kOrigin{Uuid{2, 2}};
const StoreId kStranger{Uuid{9, 9}};
constexpr std::uint64_t kRun = 80;
constexpr std::uint64_t kNextRun = 90;
constexpr std::uint32_t kPartitions = 8;
constexpr std::size_t kAll = 1'000'000;

Entry entry_of(std::uint64_t number) {
  return make_entry("default", "key" + std::to_string(number), {}, EntryKind::append,
                    Values{std::string(100, 'v')});
}

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() {
    schema::ClusterMap map;
    map.replicas = 2;
    map.workers = {{.id = {1}, .store = kSelf, .endpoints = {}, .zone = {}},
                   {.id = {2}, .store = kOrigin, .endpoints = {}, .zone = {}}};
    map.placement = {{{1}, {2}}};
    peers_.take(now_, map);
  }
  Follower& follower() {
    if (!follower_) {
      follower_.emplace(info_, max_bytes_, 500, seconds(1));
      follower_->take(peers_);
    }
    return *follower_;
  }
  void bundle(Position position, Position previous, StoreId from = kOrigin) {
    follower().on_bundle({from, kSelf, position, previous, {entry_of(position.counter)}},
                         kPartitions, log_);
  }
  void beacon(Position last) { follower().on_beacon({kOrigin, kSelf, last}); }
  std::optional<Follower::Ask> fetch() {
    const auto asks = follower().fetches(now_);
    EXPECT_LE(asks.size(), 1U);
    return asks.empty() ? std::nullopt : std::optional(asks[0]);
  }
  std::optional<StreamEvent> fetched(std::uint64_t request, Fetched answer) {
    return follower().on_fetched(request, std::move(answer), kPartitions, log_);
  }
  // What one commit takes.
  storage::Change begin() {
    storage::Change change;
    follower().begin(change, kAll);
    return change;
  }
  storage::Change commit() {
    storage::Change change = begin();
    follower().committed();
    return change;
  }

  storage::StoreInfo info_;
  std::size_t max_bytes_ = kAll;
  Instant now_ = Instant::since_start(seconds(1));
  PeerBook peers_{kSelf, seconds(1), seconds(1)};
  std::vector<LogLine> log_;

 private:
  std::optional<Follower> follower_;
};

TEST_F(FollowerTest, MergesWhatFollowsItsCursorAndMovesThatOnceDurable) {
  bundle({kRun, 1}, {});
  bundle({kRun, 2}, {kRun, 1});
  const storage::Change change = begin();
  EXPECT_EQ(change.entries.size(), 2U);
  EXPECT_EQ(change.logged, 0U);
  EXPECT_EQ(change.cursors, (std::map<StoreId, Position>{{kOrigin, {kRun, 2}}}));
  EXPECT_TRUE(follower().cursor(kOrigin).is_none());
  EXPECT_EQ(follower().committed(), std::vector<StoreId>{kOrigin});
  EXPECT_EQ(follower().cursor(kOrigin), (Position{kRun, 2}));
  EXPECT_FALSE(fetch().has_value());
}

TEST_F(FollowerTest, GoesOnFromTheCursorThatTheStoreKept) {
  info_.stream.cursors[kOrigin] = {kRun, 7};
  bundle({kNextRun, 1}, {kRun, 7});
  EXPECT_EQ(commit().entries.size(), 1U);
  EXPECT_EQ(follower().cursor(kOrigin), (Position{kNextRun, 1}));
}

TEST_F(FollowerTest, TakesABundleWhosePreviousLiesBehindItsCursor) {
  info_.stream.cursors[kOrigin] = {kRun, 7};
  bundle({kRun, 9}, {kRun, 5});
  EXPECT_EQ(commit().cursors.at(kOrigin), (Position{kRun, 9}));
}

TEST_F(FollowerTest, DropsWhatItHas) {
  info_.stream.cursors[kOrigin] = {kRun, 7};
  bundle({kRun, 7}, {kRun, 6});
  bundle({kRun, 3}, {kRun, 2});
  beacon({kRun, 7});
  beacon({kRun, 6});
  beacon({});
  EXPECT_TRUE(begin().entries.empty());
  EXPECT_FALSE(fetch().has_value());
}

TEST_F(FollowerTest, FetchesAGapAndThenTakesWhatCameMeanwhile) {
  bundle({kRun, 1}, {});
  bundle({kRun, 3}, {kRun, 2});
  const auto ask = fetch();
  ASSERT_TRUE(ask.has_value());
  EXPECT_EQ(ask->to, kOrigin);
  EXPECT_EQ(ask->after, (Position{kRun, 1}));
  EXPECT_FALSE(fetch().has_value());  // one at a time
  bundle({kRun, 4}, {kRun, 3});
  EXPECT_EQ(commit().entries.size(), 1U);
  fetched(ask->request, {.trimmed = false,
                         .commits = {{{kRun, 2}, {entry_of(2)}}},
                         .through = {kRun, 2},
                         .head = {kRun, 4}});
  EXPECT_EQ(commit().entries.size(), 3U);
  EXPECT_EQ(follower().cursor(kOrigin), (Position{kRun, 4}));
  EXPECT_FALSE(fetch().has_value());
}

TEST_F(FollowerTest, LearnsOfTheLastLossFromABeacon) {
  bundle({kRun, 1}, {});
  beacon({kRun, 2});
  EXPECT_EQ(fetch()->after, (Position{kRun, 1}));
}

TEST_F(FollowerTest, FetchesOnUntilItHasAll) {
  beacon({kRun, 9});
  const auto first = fetch();
  fetched(first->request, {false, {{{kRun, 1}, {entry_of(1)}}}, {kRun, 5}, {kRun, 9}});
  const auto second = fetch();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->after, (Position{kRun, 5}));
  EXPECT_NE(second->request, first->request);
  fetched(second->request, {false, {}, {kRun, 9}, {kRun, 9}});
  EXPECT_FALSE(fetch().has_value());
  const storage::Change change = commit();  // the cursor moves though the rest holds nothing
  EXPECT_EQ(change.cursors.at(kOrigin), (Position{kRun, 9}));
  EXPECT_EQ(change.entries.size(), 1U);
}

TEST_F(FollowerTest, DoesNotAskWithoutEndWhereNothingComesOfIt) {
  beacon({kRun, 9});
  fetched(fetch()->request, {false, {}, {}, {kRun, 9}});
  EXPECT_FALSE(fetch().has_value());
  beacon({kRun, 9});
  EXPECT_TRUE(fetch().has_value());
}

TEST_F(FollowerTest, AsksAgainWhatWasNotAnsweredAndTakesTheAnswerOnce) {
  beacon({kRun, 1});
  const auto ask = fetch();
  now_ = now_ + milliseconds(999);
  EXPECT_FALSE(fetch().has_value());
  now_ = now_ + milliseconds(1);
  const auto again = fetch();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->request, ask->request);
  const Fetched answer{false, {{{kRun, 1}, {entry_of(1)}}}, {kRun, 1}, {kRun, 1}};
  fetched(ask->request, answer);
  fetched(ask->request, answer);
  fetched(7, answer);
  EXPECT_EQ(commit().entries.size(), 1U);
}

TEST_F(FollowerTest, RestsWhereTheStreamWasTrimmedUntilThatIsReconciled) {
  info_.stream.cursors[kOrigin] = {kRun, 1};
  beacon({kNextRun, 9});
  const auto event = fetched(
      fetch()->request, {.trimmed = true, .commits = {}, .through = {}, .head = {kNextRun, 9}});
  EXPECT_EQ(event, StreamEvent(Trimmed{kOrigin, {kNextRun, 9}}));
  beacon({kNextRun, 10});
  bundle({kNextRun, 10}, {kNextRun, 9});
  EXPECT_FALSE(fetch().has_value());
  EXPECT_TRUE(begin().cursors.empty());
  follower().reconciled(kOrigin, {kNextRun, 9});
  EXPECT_EQ(commit().cursors.at(kOrigin), (Position{kNextRun, 9}));
  EXPECT_EQ(fetch()->after, (Position{kNextRun, 9}));
}

TEST_F(FollowerTest, TakesNoEntryThatIsNotWhatItsDigestSays) {
  schema::Bundle bad{kOrigin, kSelf, {kRun, 1}, {}, {entry_of(1)}};
  bad.entries[0].values = Values{"another"};
  follower().on_bundle(bad, kPartitions, log_);
  EXPECT_EQ(log_.size(), 1U);
  EXPECT_TRUE(begin().entries.empty());
  EXPECT_TRUE(fetch().has_value());
}

TEST_F(FollowerTest, BoundsWhatWaitsAndFetchesTheRestOnceThereIsRoom) {
  max_bytes_ = 300;
  for (std::uint64_t counter = 1; counter <= 10; ++counter) {
    bundle({kRun, counter}, {counter == 1 ? 0 : kRun, counter - 1});
  }
  EXPECT_LE(follower().waiting_bytes(), 600U);
  EXPECT_FALSE(fetch().has_value());
  const std::size_t taken = commit().entries.size();
  EXPECT_LT(taken, 10U);
  EXPECT_EQ(follower().waiting_bytes(), 0U);
  EXPECT_EQ(fetch()->after, (Position{kRun, taken}));
}

TEST_F(FollowerTest, TakesNothingFromThoseThatShareNothingWithIt) {
  bundle({kRun, 1}, {}, kStranger);
  EXPECT_TRUE(begin().entries.empty());
}

TEST_F(FollowerTest, FindsThatItLostWhatItHadAcknowledged) {
  info_.stream.cursors[kOrigin] = {kRun, 3};
  const auto asks = follower().comparisons();
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_FALSE(follower().compared(kOrigin));
  EXPECT_EQ(follower().on_acknowledged(kOrigin, asks[0].request, {kRun, 5}),
            StreamEvent(SelfLost{kOrigin, {kRun, 5}}));
  EXPECT_TRUE(follower().compared(kOrigin));
  EXPECT_TRUE(follower().comparisons().empty());
}

TEST_F(FollowerTest, RegainsWhatItLostOnceItsCursorIsDurablyWhereItWas) {
  info_.stream.cursors[kOrigin] = {kRun, 3};
  EXPECT_FALSE(follower().regains(kOrigin));
  const auto asks = follower().comparisons();
  ASSERT_TRUE(follower().on_acknowledged(kOrigin, asks[0].request, {kRun, 7}).has_value());
  EXPECT_TRUE(follower().regains(kOrigin));
  follower().reconciled(kOrigin, {kRun, 7});
  begin();
  EXPECT_TRUE(follower().regains(kOrigin));
  follower().committed();
  EXPECT_FALSE(follower().regains(kOrigin));
}

// By whatever came of it, in whichever order, also of a run that is over.
TEST_F(FollowerTest, RemembersHowFarAnOriginWasHeardToHaveCome) {
  info_.stream.cursors[kOrigin] = {kRun, 3};
  beacon({kRun, 3});
  EXPECT_TRUE(follower().heard_past_cursor(kOrigin).empty());
  beacon({kRun, 7});
  beacon({kRun, 5});
  EXPECT_EQ(follower().heard_past_cursor(kOrigin), (std::vector<Position>{{kRun, 7}}));
  fetched(fetch()->request, {true, {}, {}, {kNextRun, 2}});
  bundle({kRun, 8}, {kRun, 7});
  EXPECT_EQ(follower().heard_past_cursor(kOrigin),
            (std::vector<Position>{{kNextRun, 2}, {kRun, 8}}));
  follower().reconciled(kOrigin, {kNextRun, 2});
  commit();
  EXPECT_EQ(follower().heard_past_cursor(kOrigin), (std::vector<Position>{{kRun, 8}}));
  EXPECT_TRUE(follower().heard_past_cursor(kStranger).empty());
}

TEST_F(FollowerTest, IsNotMisledByNewsThatIsOutOfDate) {
  info_.stream.cursors[kOrigin] = {kRun, 3};
  const auto asks = follower().comparisons();
  // An answer that crossed an acknowledgement.
  bundle({kRun, 4}, {kRun, 3});
  commit();
  EXPECT_EQ(follower().on_acknowledged(kOrigin, asks[0].request, {kRun, 4}), std::nullopt);
  EXPECT_TRUE(follower().compared(kOrigin));
  // One that nobody asked for, of another run: it is asked about.
  EXPECT_EQ(follower().on_acknowledged(kOrigin, 0, {kNextRun, 1}), std::nullopt);
  EXPECT_EQ(follower().comparisons().size(), 1U);
}

// The origin answered, and began another run before its answer came.
TEST_F(FollowerTest, IsNotMisledByAnAnswerFromAFormerRun) {
  info_.stream.cursors[kOrigin] = {kRun, 3};
  const auto asks = follower().comparisons();
  bundle({kRun, 4}, {kRun, 3});
  commit();
  bundle({kNextRun, 1}, {kRun, 4});
  commit();
  ASSERT_EQ(follower().comparisons().size(), 1U);
  EXPECT_EQ(follower().on_acknowledged(kOrigin, asks[0].request, {kRun, 4}), std::nullopt);
  EXPECT_TRUE(follower().compared(kOrigin));
}

TEST_F(FollowerTest, ComparesUntilItIsAnswered) {
  const auto first = follower().comparisons();
  const auto again = follower().comparisons();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].request, first[0].request);
  EXPECT_EQ(follower().on_acknowledged(kOrigin, again[0].request, {}), std::nullopt);
  EXPECT_TRUE(follower().compared(kOrigin));
}

}  // namespace
}  // namespace kipu::worker::test
