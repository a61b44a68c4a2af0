#include "worker/read_quorum.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/worker/replicas.h"

namespace kipu::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::entry_of;

constexpr Duration kHedge = milliseconds(100);

StoreId store_id(std::size_t replica) {
  return StoreId{Uuid{0, replica + 1}};
}

// Replica 0 coordinates; all hold one partition. What a read wants done is done at once, by those
// that are not silent; time passes only when nothing else happens.
class Replicas {
 public:
  explicit Replicas(const std::vector<std::vector<Entry>>& held) {
    for (const auto& entries : held) replicas_.emplace_back(entries);
    silent_.resize(held.size());
    not_whole_.resize(held.size());
    fills_nothing_.resize(held.size());
    busy_.resize(held.size());
    unreadable_.resize(held.size());
  }

  Quorum quorum(std::size_t needed) const {
    Quorum quorum;
    for (std::size_t other = 1; other < replicas_.size(); ++other) {
      quorum.others.push_back({{static_cast<std::uint32_t>(other + 1)}, store_id(other)});
    }
    quorum.needed = needed;
    quorum.majority = replicas_.size() / 2 + 1;
    return quorum;
  }
  Quorum majority() const { return quorum(replicas_.size() / 2); }

  Result<ReadResult> read(const ReadQuery& query) { return read(query, majority()); }
  Result<ReadResult> read(const ReadQuery& query, const Quorum& quorum) {
    const Instant give_up = now_ + seconds(2);
    const auto read = make_read_quorum(query, {{{PartitionId{0}}, quorum}}, {kHedge, give_up, 1});
    ReadSteps steps;
    read->begin(now_, steps);
    while (!read->answered()) {
      if (!perform(*read, steps)) {
        now_ = std::max(now_, read->next_tick());
        read->on_tick(now_, steps);
      }
    }
    return read->take_answer();
  }

  Page page(const ReadQuery& query) {
    auto result = read(query);
    return result ? std::get<Page>(*result) : Page{{}, false};
  }

  std::size_t holders(const Entry& entry) const {
    return static_cast<std::size_t>(
        std::count_if(replicas_.begin(), replicas_.end(),
                      [&](const test::Replica& replica) { return replica.holds(entry); }));
  }

  void silence(std::size_t replica) { silent_[replica] = true; }
  void make_not_whole(std::size_t replica) { not_whole_[replica] = true; }
  void fill_nothing(std::size_t replica) { fills_nothing_[replica] = true; }
  void make_busy(std::size_t replica, int answers) { busy_[replica] = answers; }
  void silence_after(std::size_t replica, std::size_t asked) { silent_after_[replica] = asked; }
  void make_unreadable(std::size_t replica) { unreadable_[replica] = true; }
  test::Replica& replica(std::size_t index) { return replicas_[index]; }
  std::size_t results_sent() const { return results_sent_; }
  std::size_t asked(std::size_t replica) const { return asked_.count(replica); }
  Instant now() const { return now_; }

 private:
  static std::size_t index_of(StoreId store) { return store.id.low - 1; }

  // Whether anything came of it.
  bool perform(ReadQuorum& read, ReadSteps& steps) {
    const ReadSteps todo = std::exchange(steps, {});
    bool any = false;
    for (const auto& own : todo.own) {
      any = true;
      read.on_own_read(now_, own.round, read_at(0, own.query), steps);
    }
    for (const auto& ask : todo.asks) any = answer(read, ask, steps) || any;
    for (const auto& fill : todo.own_fills) {
      any = true;
      replicas_[0].merge(fill.entries);
      read.on_own_filled(now_, fill.round, steps);
    }
    for (const auto& fill : todo.fills) {
      const std::size_t at = index_of(fill.to);
      if (silent_[at] || fills_nothing_[at]) continue;
      any = true;
      replicas_[at].merge(fill.entries);
      read.on_filled(now_, fill.round, fill.to, true, steps);
    }
    return any;
  }

  bool answer(ReadQuorum& read, const ReadSteps::Ask& ask, ReadSteps& steps) {
    const std::size_t at = index_of(ask.to);
    asked_.insert(at);
    const auto after = silent_after_.find(at);
    if (after != silent_after_.end() && asked_.count(at) > after->second) silent_[at] = true;
    if (silent_[at]) return false;
    if (busy_[at] > 0) {
      --busy_[at];
      read.on_reply(now_, ask.round, ask.to, fail(ErrorCode::overloaded, "busy"), steps);
      return true;
    }
    if (unreadable_[at]) {
      read.on_reply(now_, ask.round, ask.to, fail(ErrorCode::unreadable, "rotten"), steps);
      return true;
    }
    const ReadResult result = replicas_[at].read(ask.query);
    schema::PeerReadReply reply{!not_whole_[at], digest_of(result), {}};
    if (!ask.digest_only) {
      ++results_sent_;
      reply.result = result;
    }
    read.on_reply(now_, ask.round, ask.to, std::move(reply), steps);
    return true;
  }

  Result<ReadResult> read_at(std::size_t at, const ReadQuery& query) const {
    if (unreadable_[at]) return fail(ErrorCode::unreadable, "rotten");
    return replicas_[at].read(query);
  }

  std::vector<test::Replica> replicas_;
  std::vector<bool> unreadable_;
  std::vector<bool> silent_;
  std::vector<bool> not_whole_;
  std::vector<bool> fills_nothing_;
  std::vector<int> busy_;  // so many answers still
  std::multiset<std::size_t> asked_;
  std::map<std::size_t, std::size_t> silent_after_;
  std::size_t results_sent_ = 0;
  Instant now_ = Instant::since_start(seconds(1));
};

PageQuery page_query() {
  PageQuery query;
  query.bucket = "default";
  query.key = "key";
  return query;
}

CountQuery count_query() {
  CountQuery query;
  query.bucket = "default";
  query.key = "key";
  return query;
}

KeysQuery keys_query() {
  KeysQuery query;
  query.partitions = {PartitionId{0}};
  query.bucket = "default";
  return query;
}

const Entry kA = entry_of("key", 1);
const Entry kB = entry_of("key", 2);

TEST(ReadQuorumTest, AnswersWithTheOwnPageWhereDigestsAreEqual) {
  Replicas replicas({{kA}, {kA}, {}});
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA}, true}));
  EXPECT_EQ(replicas.results_sent(), 0U);
  EXPECT_EQ(replicas.asked(2), 0U);
}

TEST(ReadQuorumTest, FillsWhatTheOtherLacksBeforeItAnswers) {
  Replicas replicas({{kA, kB}, {kA}, {}});
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  EXPECT_EQ(replicas.holders(kB), 2U);
}

TEST(ReadQuorumTest, FillsItselfBeforeItAnswers) {
  Replicas replicas({{}, {kA}, {}});
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA}, true}));
  EXPECT_TRUE(replicas.replica(0).holds(kA));
}

TEST(ReadQuorumTest, AsksAnotherWhereOneIsSilent) {
  Replicas replicas({{kA}, {kA}, {kA, kB}});
  replicas.silence(1);
  const Instant began = replicas.now();
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  EXPECT_EQ(replicas.now() - began, kHedge);
}

TEST(ReadQuorumTest, AsksAgainWhereAllHaveTooMuchToDo) {
  Replicas replicas({{kA}, {kA}, {kA, kB}});
  replicas.make_busy(1, 3);
  replicas.make_busy(2, 2);
  const Instant began = replicas.now();
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  EXPECT_EQ(replicas.now() - began, 2 * kHedge);
  EXPECT_EQ(replicas.asked(1), 3U);
}

TEST(ReadQuorumTest, AsksAnotherAtOnceWhereOneIsNotWhole) {
  Replicas replicas({{kA}, {}, {kA}});
  replicas.make_not_whole(1);
  const Instant began = replicas.now();
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA}, true}));
  EXPECT_EQ(replicas.now(), began);
}

TEST(ReadQuorumTest, FillsAnotherWhereOneDoesNotSayThatItHolds) {
  Replicas replicas({{kA, kB}, {kA}, {}});
  replicas.fill_nothing(1);
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  EXPECT_TRUE(replicas.replica(2).holds(kB));
}

TEST(ReadQuorumTest, AnswersUnavailableAtItsTimeAndNamesWhoIsMissing) {
  Replicas replicas({{kA}, {kA}, {kA}});
  replicas.silence(1);
  replicas.silence(2);
  const Instant began = replicas.now();
  const auto result = replicas.read(page_query());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_NE(result.error().message.find("w2, w3"), std::string::npos) << result.error().message;
  EXPECT_EQ(replicas.now() - began, seconds(2));
}

// Counted page by page since the replicas differ, it takes longer than there is time.
TEST(ReadQuorumTest, CountsAsFarAsItGetsInItsTime) {
  std::vector<Entry> entries;
  for (std::uint64_t time = 1; time <= 2 * limits::kMaxPageEntries; ++time) {
    entries.push_back(entry_of("key", time));
  }
  std::vector<Entry> more = entries;
  more.push_back(entry_of("key", entries.size() + 1));
  Replicas replicas({entries, more, {}});
  replicas.silence_after(1, 2);  // the digest of all, and that of the first page
  replicas.silence(2);
  const auto part = replicas.read(count_query());
  ASSERT_TRUE(part.has_value()) << part.error().message;
  const auto& count = std::get<Count>(*part);
  EXPECT_GE(count.entries, limits::kMaxPageEntries);
  EXPECT_LT(count.entries, entries.size());
  EXPECT_EQ(count.next_after, entries[count.entries - 1].id());
}

TEST(ReadQuorumTest, AnswersUnavailableAtOnceWhereNobodyIsWhole) {
  Replicas replicas({{kA}, {kA}, {kA}});
  replicas.make_not_whole(1);
  replicas.make_not_whole(2);
  const Instant began = replicas.now();
  EXPECT_EQ(replicas.read(page_query()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(replicas.now(), began);
}

TEST(ReadQuorumTest, IsAnsweredByTheOthersWhereTheOwnStoreIsUnreadable) {
  Replicas replicas({{}, {kA, kB}, {kA, kB}});
  replicas.make_unreadable(0);
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  const auto count = replicas.read(count_query());
  ASSERT_TRUE(count.has_value()) << count.error().message;
  EXPECT_EQ(std::get<Count>(*count).entries, 2U);
  const auto keys = replicas.read(keys_query());
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  EXPECT_EQ(std::get<KeysPage>(*keys).keys, (std::vector<std::string>{"key"}));
  EXPECT_FALSE(replicas.replica(0).holds(kA));
}

TEST(ReadQuorumTest, FillsWhoeverStandsInForTheOwnStore) {
  Replicas replicas({{kA, kB}, {kA}, {kB}});
  replicas.make_unreadable(0);
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
  for (const std::size_t other : {1U, 2U}) {
    EXPECT_TRUE(replicas.replica(other).holds(kA) && replicas.replica(other).holds(kB));
  }
  EXPECT_EQ(std::get<Count>(replicas.read(count_query()).value()).entries, 2U);
}

TEST(ReadQuorumTest, AsksOneOtherAtLevelOneWhereTheOwnStoreIsUnreadable) {
  Replicas replicas({{}, {kA}, {kA, kB}});
  replicas.make_unreadable(0);
  Quorum one = replicas.quorum(0);
  one.majority = 1;
  EXPECT_EQ(std::get<Page>(replicas.read(page_query(), one).value()), (Page{{kA}, true}));
  replicas.silence(1);
  EXPECT_EQ(std::get<Page>(replicas.read(page_query(), one).value()), (Page{{kA, kB}, true}));
}

TEST(ReadQuorumTest, LeavesOutWhicheverStoreIsUnreadable) {
  Replicas replicas({{kA}, {}, {kA, kB}});
  replicas.make_unreadable(1);
  EXPECT_EQ(replicas.page(page_query()), (Page{{kA, kB}, true}));
}

TEST(ReadQuorumTest, SaysUnreadableOnlyWhereNoneThatIsLeftCouldReadIt) {
  Replicas replicas({{kA}, {kA}, {kA}});
  replicas.make_unreadable(0);
  EXPECT_EQ(replicas.read(page_query(), replicas.quorum(2)).error().code, ErrorCode::unreadable);
  replicas.make_unreadable(1);
  EXPECT_EQ(replicas.read(page_query()).error().code, ErrorCode::unreadable);
}

TEST(ReadQuorumTest, SaysUnavailableWhereWhoeverCouldReadItIsAway) {
  Replicas replicas({{kA}, {kA}, {kA}});
  replicas.make_unreadable(0);
  replicas.make_not_whole(1);
  EXPECT_EQ(replicas.read(page_query()).error().code, ErrorCode::unavailable);
  Replicas silent({{kA}, {kA}, {kA}});
  silent.make_unreadable(0);
  silent.silence(2);
  EXPECT_EQ(silent.read(page_query()).error().code, ErrorCode::unavailable);
}

TEST(ReadQuorumTest, NeverAnswersWithWhatAMinorityHolds) {
  Replicas replicas({{kA}, {}, {}});
  replicas.fill_nothing(1);
  replicas.fill_nothing(2);
  EXPECT_EQ(replicas.read(page_query()).error().code, ErrorCode::unavailable);
}

TEST(ReadQuorumTest, AsksAllForLevelAll) {
  Replicas replicas({{}, {}, {kA}});
  const auto result = replicas.read(page_query(), replicas.quorum(2));
  EXPECT_EQ(std::get<Page>(*result), (Page{{kA}, true}));
}

TEST(ReadQuorumTest, HandsOnWhyTheOwnStoreCannotBeRead) {
  const auto read =
      make_read_quorum(page_query(), {{{PartitionId{0}}, Replicas({{}, {}}).majority()}},
                       {kHedge, Instant::never(), 1});
  ReadSteps steps;
  read->begin(Instant{}, steps);
  read->on_own_read(Instant{}, steps.own[0].round, fail(ErrorCode::unreadable, "rot"), steps);
  EXPECT_EQ(read->take_answer().error().code, ErrorCode::unreadable);
}

TEST(ReadQuorumTest, TakesNoAnswerWithAnEntryThatWasAltered) {
  Replicas replicas({{kA}, {kA}, {kA}});
  const auto read = make_read_quorum(page_query(), {{{PartitionId{0}}, replicas.majority()}},
                                     {kHedge, Instant::never(), 1});
  ReadSteps steps;
  read->begin(Instant{}, steps);
  read->on_own_read(Instant{}, 1, ReadResult(Page{{kA}, true}), steps);
  read->on_reply(Instant{}, 1, store_id(1), schema::PeerReadReply{true, 1, {}}, steps);
  Entry altered = kB;
  altered.digest.bits ^= 1;
  read->on_reply(Instant{}, 1, store_id(1),
                 schema::PeerReadReply{true, 1, ReadResult(Page{{altered}, true})}, steps);
  EXPECT_FALSE(read->answered());
  EXPECT_EQ(steps.asks.back().to, store_id(2));
}

TEST(ReadQuorumTest, CountsByDigestWhereReplicasAgree) {
  Replicas replicas({{kA, kB}, {kA, kB}, {}});
  EXPECT_EQ(std::get<Count>(*replicas.read(count_query())).entries, 2U);
  EXPECT_EQ(replicas.results_sent(), 0U);
}

TEST(ReadQuorumTest, CountsTheUnionWhereReplicasDiffer) {
  Replicas replicas({{kA}, {kB}, {}});
  const Count count = std::get<Count>(*replicas.read(count_query()));
  EXPECT_EQ(count.entries, 2U);
  EXPECT_EQ(count.values, 2U);
  EXPECT_FALSE(count.next_after.has_value());
  EXPECT_EQ(replicas.holders(kA), 2U);
}

TEST(ReadQuorumTest, CountsNoMoreThanItWasAskedFor) {
  Replicas replicas({{kA}, {kB}, {}});
  CountQuery query = count_query();
  query.max_entries = 1;
  const Count count = std::get<Count>(*replicas.read(query));
  EXPECT_EQ(count.entries, 1U);
  EXPECT_EQ(count.next_after, kA.id());
}

TEST(ReadQuorumTest, ListsTheKeysOfAllThatWereAsked) {
  Replicas replicas({{entry_of("a", 1)}, {entry_of("b", 1)}, {}});
  EXPECT_EQ(std::get<KeysPage>(*replicas.read(keys_query())), (KeysPage{{"a", "b"}, {}}));
  EXPECT_EQ(replicas.holders(entry_of("a", 1)), 2U);
  EXPECT_EQ(replicas.holders(entry_of("b", 1)), 2U);
}

TEST(ReadQuorumTest, DoesNotListAKeyThatAnotherKnowsToBeRemoved) {
  const Entry put = make_entry("state", "key", Stamp{StampTime(1), 1}, EntryKind::put, Values{"v"});
  const Entry removal =
      make_entry("state", "key", Stamp{StampTime(2), 1}, EntryKind::remove, Values{});
  Replicas replicas({{put}, {put, removal}, {}});
  KeysQuery query = keys_query();
  query.bucket = "state";
  query.skip_removed = true;
  EXPECT_TRUE(std::get<KeysPage>(*replicas.read(query)).keys.empty());
  query.skip_removed = false;
  EXPECT_EQ(std::get<KeysPage>(*replicas.read(query)).keys.size(), 1U);
}

// Both list the key, and only one knows why another may not.
TEST(ReadQuorumTest, ListsNoKeyForWhatOnlyAMinorityHolds) {
  const auto entry = [](std::uint64_t time, EntryKind kind) {
    return make_entry("state", "key", Stamp{StampTime(time), 1}, kind,
                      kind == EntryKind::remove ? Values{} : Values{"v"});
  };
  const Entry put = entry(1, EntryKind::put);
  const Entry removal = entry(2, EntryKind::remove);
  const Entry again = entry(3, EntryKind::put);
  Replicas replicas({{put, removal, again}, {put}, {put, removal}});
  KeysQuery query = keys_query();
  query.bucket = "state";
  query.skip_removed = true;
  EXPECT_EQ(std::get<KeysPage>(*replicas.read(query)).keys, std::vector<std::string>{"key"});
  EXPECT_EQ(replicas.holders(again), 2U);
}

TEST(ReadQuorumTest, DoesNotAskForKeysThatAllKnowToBeRemoved) {
  const Entry removal =
      make_entry("state", "key", Stamp{StampTime(2), 1}, EntryKind::remove, Values{});
  Replicas replicas({{removal}, {removal}, {removal}});
  KeysQuery query = keys_query();
  query.bucket = "state";
  query.skip_removed = true;
  EXPECT_TRUE(std::get<KeysPage>(*replicas.read(query)).keys.empty());
}

TEST(ReadQuorumTest, EndsAPageOfKeysWhereTooManyDiffer) {
  std::vector<Entry> many;
  for (int key = 0; key < 300; ++key) many.push_back(entry_of("k" + std::to_string(key + 100), 1));
  Replicas replicas({many, {}, {}});
  KeysQuery query = keys_query();
  const KeysPage first = std::get<KeysPage>(*replicas.read(query));
  EXPECT_EQ(first.keys.size(), 256U);
  query.after = first.next_after;
  EXPECT_EQ(std::get<KeysPage>(*replicas.read(query)).keys.size(), 44U);
}

// Any replicas of which some may be silent, and a walk over all that one query is about.
RC_GTEST_PROP(ReadQuorumTest, ReadsAllThatAMajorityHoldsAndNothingThatOneDoesNot, ()) {
  const auto n = static_cast<std::size_t>(*rc::gen::inRange(2, 6));
  std::vector<std::vector<Entry>> held(n);
  std::vector<Entry> universe;
  for (int index = *rc::gen::inRange(0, 20); index > 0; --index) {
    universe.push_back(entry_of("key", static_cast<std::uint64_t>(index)));
    for (auto& one : held) {
      if (*rc::gen::arbitrary<bool>()) one.push_back(universe.back());
    }
  }
  Replicas replicas(held);
  const std::size_t spare = n - n / 2 - 1;
  for (auto silent =
           static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(spare) + 1));
       silent > 0; --silent) {
    replicas.silence(static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(n))));
  }
  std::set<EntryId> majority;
  for (const Entry& entry : universe) {
    if (replicas.holders(entry) > n / 2) majority.insert(entry.id());
  }
  PageQuery query = page_query();
  query.reverse = *rc::gen::arbitrary<bool>();
  query.max_entries = *rc::gen::inRange<std::uint32_t>(1, 8);
  std::set<EntryId> seen;
  for (;;) {
    const Page page = std::get<Page>(replicas.read(query).value());
    for (const Entry& entry : page.entries) {
      RC_ASSERT(replicas.holders(entry) > n / 2);
      RC_ASSERT(seen.insert(entry.id()).second);
    }
    if (page.complete) break;
    RC_ASSERT(!page.entries.empty());
    query.after = page.entries.back().id();
  }
  RC_ASSERT(std::includes(seen.begin(), seen.end(), majority.begin(), majority.end()));
  const Count count = std::get<Count>(replicas.read(count_query()).value());
  RC_ASSERT(count.entries >= majority.size());
}

}  // namespace
}  // namespace kipu::worker
