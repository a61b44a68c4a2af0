// Writes that wait for their holders; leases; who is alive.
#include "worker/write_quorum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/lease.h"
#include "worker/peer_book.h"

namespace kipu::worker::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const StoreId kSelf{Uuid{1, 1}};
const StoreId kSecond{Uuid{2, 2}};
const StoreId kThird{Uuid{3, 3}};
constexpr std::uint64_t kRun = 80;

class WriteQuorumTest : public ::testing::Test {
 protected:
  void add(std::uint64_t request, std::uint64_t counter, std::vector<WriteNeed> needs,
           bool expects_reply = true) {
    CheckedAppend stored;
    stored.asker = {request, expects_reply, now_ + seconds(1)};
    stored.needs = std::move(needs);
    writes_.add(now_, std::move(stored), counter == 0 ? Position{} : Position{kRun, counter});
  }
  std::vector<std::uint64_t> settled() {
    std::vector<std::uint64_t> requests;
    for (const auto& answer : writes_.settled()) {
      EXPECT_FALSE(answer.error.has_value());
      requests.push_back(answer.asker.request);
      holders_ = answer.reply.holders;
    }
    return requests;
  }

  Instant now_ = Instant::since_start(seconds(1));
  WriteQuorum writes_{kRun};
  std::uint32_t holders_ = 0;
};

TEST_F(WriteQuorumTest, NeedsAMajorityOrAllOrOne) {
  EXPECT_EQ(holders_needed(Level::quorum, 1), 1U);
  EXPECT_EQ(holders_needed(Level::quorum, 2), 2U);
  EXPECT_EQ(holders_needed(Level::quorum, 3), 2U);
  EXPECT_EQ(holders_needed(Level::quorum, 5), 3U);
  EXPECT_EQ(holders_needed(Level::all, 3), 3U);
  EXPECT_EQ(holders_needed(Level::one, 3), 1U);
  EXPECT_EQ(holders_needed(Level::none, 3), 1U);
}

TEST_F(WriteQuorumTest, SettlesOnceACursorCoversTheCommit) {
  add(1, 5, {{{kSecond, kThird}, 2}});
  EXPECT_TRUE(settled().empty());
  writes_.held(kSecond, {kRun, 4});
  writes_.held(kSecond, {kRun + 1, 9});  // another run
  EXPECT_TRUE(settled().empty());
  writes_.held(kThird, {kRun, 5});
  EXPECT_EQ(settled(), std::vector<std::uint64_t>{1});
  EXPECT_EQ(holders_, 2U);
  EXPECT_TRUE(writes_.empty());
  EXPECT_EQ(writes_.next(), Instant::never());
}

TEST_F(WriteQuorumTest, WaitsForTheNeedsOfEachEntryAndTellsTheLeast) {
  add(1, 1, {{{kSecond}, 2}, {{kThird}, 2}, {{kSecond, kThird}, 1}});
  writes_.held(kSecond, {kRun, 1});
  EXPECT_TRUE(settled().empty());
  writes_.held(kThird, {kRun, 1});
  EXPECT_EQ(settled(), std::vector<std::uint64_t>{1});
  EXPECT_EQ(holders_, 2U);
}

TEST_F(WriteQuorumTest, CountsWhoHoldsMoreThanIsNeeded) {
  writes_.held(kSecond, {kRun, 3});
  writes_.held(kThird, {kRun, 3});
  add(1, 3, {{{kSecond, kThird}, 1}});
  settled();
  EXPECT_EQ(holders_, 3U);
}

TEST_F(WriteQuorumTest, SettlesAtOnceWhatNoOtherReplicates) {
  add(1, 0, {{{}, 1}});
  EXPECT_EQ(settled(), std::vector<std::uint64_t>{1});
  EXPECT_EQ(holders_, 1U);
}

TEST_F(WriteQuorumTest, KeepsNothingOfWhatIsNotAnswered) {
  add(1, 1, {{{kSecond}, 2}}, false);
  EXPECT_TRUE(writes_.empty());
}

TEST_F(WriteQuorumTest, SaysBeforeTheDeadlineHowManyHoldIt) {
  add(1, 1, {{{kSecond, kThird}, 3}});
  writes_.held(kSecond, {kRun, 1});
  EXPECT_LT(writes_.next(), now_ + seconds(1));
  EXPECT_GE(writes_.next(), now_ + milliseconds(900));
  EXPECT_TRUE(writes_.expire(now_ + milliseconds(800)).empty());
  const auto answers = writes_.expire(writes_.next());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error->code, ErrorCode::outcome_unknown);
  EXPECT_THAT(answers[0].error->message, ::testing::HasSubstr("held by 2"));
  EXPECT_THAT(answers[0].error->message, ::testing::HasSubstr("needs 3"));
  EXPECT_TRUE(writes_.empty());
}

TEST(LeaseTest, HoldsFromWhenTheHeartbeatWasSent) {
  Lease lease(seconds(2));
  const Instant sent = Instant::since_start(seconds(10));
  EXPECT_FALSE(lease.holds(sent));
  lease.granted(sent, sent + seconds(1));
  EXPECT_TRUE(lease.holds(sent + milliseconds(1999)));
  EXPECT_FALSE(lease.holds(sent + seconds(2)));
}

TEST(LeaseTest, IsNeitherShortenedByOldNewsNorGrantedForTheFuture) {
  Lease lease(seconds(2));
  const Instant sent = Instant::since_start(seconds(10));
  lease.granted(sent, sent);
  lease.granted(Instant::since_start(seconds(9)), sent);
  EXPECT_EQ(lease.until(), sent + seconds(2));
  lease.granted(sent + seconds(5), sent);
  EXPECT_EQ(lease.until(), sent + seconds(2));
}

class PeerBookTest : public ::testing::Test {
 protected:
  PeerBookTest() {
    map_.replicas = 2;
    map_.workers = {{.id = {1}, .store = kSelf, .endpoints = {}, .zone = {}},
                    {.id = {2}, .store = kSecond, .endpoints = {"s2", "p2"}, .zone = {}},
                    {.id = {3}, .store = kThird, .endpoints = {"s3", "p3"}, .zone = {}}};
    map_.placement = {{{1}, {2}}, {{2}, {3}}, {{2}, {1}}};
    peers_.take(now_, map_);
  }
  Instant now_ = Instant::since_start(seconds(5));
  schema::ClusterMap map_;
  PeerBook peers_{kSelf, seconds(1), seconds(2)};
};

TEST_F(PeerBookTest, KnowsWhoReplicatesWhat) {
  EXPECT_EQ(peers_.others({0}), std::vector<StoreId>{kSecond});
  EXPECT_TRUE(peers_.others({1}).empty());
  EXPECT_EQ(peers_.find(kSecond)->shared, (std::vector<PartitionId>{{0}, {2}}));
  EXPECT_TRUE(peers_.find(kThird)->shared.empty());
  EXPECT_EQ(peers_.find(kSelf), nullptr);
  EXPECT_EQ(peers_.connections().addresses.size(), 2U);
  map_.replicas = 1;
  peers_.take(now_, map_);
  EXPECT_TRUE(peers_.connections().addresses.empty());
}

TEST_F(PeerBookTest, TakesThoseForAliveThatWereHeardOf) {
  EXPECT_FALSE(peers_.alive(kSecond, now_));
  peers_.heard(kSecond, now_);
  EXPECT_TRUE(peers_.alive(kSecond, now_ + seconds(1)));
  EXPECT_FALSE(peers_.alive(kSecond, now_ + milliseconds(1001)));
  peers_.heard_stream(kSecond, now_ + seconds(3));
  peers_.take(now_, map_);
  EXPECT_TRUE(peers_.alive(kSecond, now_ + seconds(4)));
}

TEST_F(PeerBookTest, FindsStreamsThatAreSilentWhileTheirPeersLive) {
  peers_.heard(kThird, now_ + seconds(3));  // shares nothing: it has no stream for us
  EXPECT_TRUE(peers_.take_silent_streams(now_ + seconds(3)).empty());
  peers_.heard(kSecond, now_ + seconds(3));
  EXPECT_EQ(peers_.take_silent_streams(now_ + seconds(3)), std::vector<StoreId>{kSecond});
  EXPECT_TRUE(peers_.take_silent_streams(now_ + seconds(3)).empty());
}

}  // namespace
}  // namespace kipu::worker::test
