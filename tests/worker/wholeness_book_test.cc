#include "worker/wholeness_book.h"

#include <gtest/gtest.h>

#include "worker/open_check.h"

namespace kipu::worker {
namespace {

using std::chrono::seconds;
using Kind = storage::Wholeness::Kind;
using Partitions = std::vector<PartitionId>;

constexpr PartitionId kFirst{0};
constexpr PartitionId kSecond{1};
constexpr PartitionId kOfOthers{2};
constexpr WorkerId kSelf{1};

schema::ClusterMap make_map(bool first) {
  schema::ClusterMap map;
  map.version = {1, 1, first ? 1U : 2U};
  if (!first) map.previous = {1, 1, 1};
  map.replicas = 2;
  map.placement = {
      {WorkerId{1}, WorkerId{2}}, {WorkerId{3}, WorkerId{1}}, {WorkerId{2}, WorkerId{3}}};
  return map;
}

TEST(WholenessBookTest, IsBornWholeWithTheFirstMap) {
  WholenessBook book({});
  EXPECT_FALSE(book.is_whole(kFirst));
  book.join(make_map(true), kSelf);
  EXPECT_TRUE(book.is_whole(kFirst));
  const auto save = book.next_save();
  ASSERT_TRUE(save.has_value());
  EXPECT_EQ(save->whole, (storage::Wholeness{Kind::all_but, {}}));
}

TEST(WholenessBookTest, HasAllToGetWhereItJoinsLater) {
  WholenessBook book({});
  book.join(make_map(false), kSelf);
  EXPECT_FALSE(book.is_whole(kFirst));
  EXPECT_EQ(book.to_fill(), (Partitions{kFirst, kSecond}));
  EXPECT_TRUE(book.is_whole(kOfOthers));
}

TEST(WholenessBookTest, HasAllToGetInThePlaceOfALostStore) {
  WholenessBook book({Kind::none, {}});
  EXPECT_FALSE(book.is_whole(kFirst));
  book.join(make_map(true), kSelf);
  EXPECT_EQ(book.next_save()->whole, (storage::Wholeness{Kind::all_but, {kFirst, kSecond}}));
}

TEST(WholenessBookTest, IsWholeWhereNobodyElseCouldHaveMore) {
  schema::ClusterMap map = make_map(false);
  map.replicas = 1;
  WholenessBook book({});
  book.join(map, kSelf);
  EXPECT_TRUE(book.is_whole(kFirst));
}

TEST(WholenessBookTest, KeepsToWhatWasSaved) {
  WholenessBook book({Kind::all_but, {kSecond}});
  book.join(make_map(true), kSelf);
  EXPECT_TRUE(book.is_whole(kFirst));
  EXPECT_FALSE(book.is_whole(kSecond));
  EXPECT_FALSE(book.next_save().has_value());
}

TEST(WholenessBookTest, DecidesOnlyOnceAMapNamesTheStore) {
  WholenessBook book({});
  book.join(make_map(true), WorkerId{});
  EXPECT_FALSE(book.is_whole(kFirst));
}

TEST(WholenessBookTest, ServesNothingOfALossBeforeItIsSaved) {
  WholenessBook book({Kind::all_but, {}});
  book.lose(Partitions{kFirst});
  EXPECT_FALSE(book.is_whole(kFirst));
  EXPECT_EQ(book.next_save()->whole.missing, (Partitions{kFirst}));
}

TEST(WholenessBookTest, ServesWhatWasFilledOnceThatIsSaved) {
  WholenessBook book({Kind::all_but, {kFirst}});
  book.fill(kFirst);
  EXPECT_FALSE(book.is_whole(kFirst));
  EXPECT_TRUE(book.to_fill().empty());
  const auto save = book.next_save();
  EXPECT_TRUE(save->whole.missing.empty());
  book.on_saved(save->id);
  EXPECT_TRUE(book.is_whole(kFirst));
}

TEST(WholenessBookTest, SavesOneAtATime) {
  WholenessBook book({Kind::all_but, {kFirst}});
  book.fill(kFirst);
  const auto first = book.next_save();
  book.lose(Partitions{kSecond});
  EXPECT_FALSE(book.next_save().has_value());
  book.on_saved(first->id);
  EXPECT_EQ(book.next_save()->whole.missing, (Partitions{kSecond}));
}

// Whoever was away longer tells of the same loss, even after another open.
TEST(WholenessBookTest, LearnsOfTheLossOfARunOnce) {
  constexpr std::uint64_t kLostRun = 70;
  WholenessBook book({Kind::all_but, {}});
  EXPECT_TRUE(book.learn(kLostRun));
  EXPECT_TRUE(book.unsaved());
  EXPECT_FALSE(book.learn(kLostRun));
  WholenessBook next(book.next_save()->whole);
  EXPECT_FALSE(next.learn(kLostRun));
  EXPECT_TRUE(next.learn(kLostRun + 1));
}

TEST(WholenessBookTest, DoesNotServeWhatIsLostAgainWhileItIsSaved) {
  WholenessBook book({Kind::all_but, {kFirst}});
  book.fill(kFirst);
  const auto first = book.next_save();
  book.lose(Partitions{kFirst});
  book.on_saved(first->id);
  EXPECT_FALSE(book.is_whole(kFirst));
  EXPECT_EQ(book.next_save()->whole.missing, (Partitions{kFirst}));
}

class OpenCheckTest : public ::testing::Test {
 protected:
  bool passed(bool lease = true) {
    return check_.passed(
        now_, lease, peers_, [this](StoreId peer) { return alive_ == peer; },
        [this](StoreId peer) { return compared_.contains(peer); });
  }

  const StoreId one_{Uuid{0, 1}};
  const StoreId other_{Uuid{0, 2}};
  std::map<StoreId, int> peers_{{one_, 0}, {other_, 0}};
  StoreId alive_ = one_;
  std::set<StoreId> compared_;
  Instant now_ = Instant::since_start(seconds(5));
  OpenCheck check_{seconds(1)};
};

TEST_F(OpenCheckTest, PassesAtOnceWhereAllHaveCompared) {
  compared_.insert(one_);
  EXPECT_FALSE(passed());
  compared_.insert(other_);
  EXPECT_FALSE(passed(false));
  EXPECT_TRUE(passed());
}

TEST_F(OpenCheckTest, WaitsAWhileForThoseThatAreSilent) {
  compared_.insert(one_);
  EXPECT_FALSE(passed());
  now_ = now_ + seconds(1);
  EXPECT_TRUE(passed());
}

TEST_F(OpenCheckTest, WaitsForEachThatIsAlive) {
  EXPECT_FALSE(passed());
  now_ = now_ + seconds(60);
  EXPECT_FALSE(passed());
  compared_.insert(one_);
  EXPECT_TRUE(passed());
}

TEST_F(OpenCheckTest, StaysPassed) {
  compared_.insert(one_);
  compared_.insert(other_);
  EXPECT_TRUE(passed());
  EXPECT_TRUE(passed(false));
}

}  // namespace
}  // namespace kipu::worker
