// What every Store does with streams: its log, its cursors, and what it fetches. A store passes by
// instantiating StreamConformance with a factory:
//
//   struct Factory {                                  // lives as long as the store
//     std::unique_ptr<Store> make(Rng&, const LogLimits&);
//     void reopen(std::unique_ptr<Store>&, Rng&);     // as a new process would
//     void lose(std::unique_ptr<Store>&, Rng&, const RecordKey&);  // an entry; then reopens
//   };
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "storage/key_codec.h"
#include "storage/log_index.h"
#include "storage/store.h"
#include "tests/storage/entries.h"

namespace kipu::storage {

inline RecordKey name_of(const PlacedEntry& placed) {
  return {placed.partition, placed.entry.bucket, placed.entry.key, placed.entry.id()};
}

template <class Factory>
class StreamConformance : public ::testing::Test {
 protected:
  using Commits = std::vector<Fetched::Commit>;

  void reset(const LogLimits& limits) {
    store_.reset();
    factory_ = std::make_unique<Factory>();
    store_ = factory_->make(rng_, limits);
  }

  void reopen() { factory_->reopen(store_, rng_); }

  std::uint64_t run() const { return store_->info().runs.back().number; }

  void merge(const Change& change) {
    const Status merged = store_->merge(change);
    ASSERT_TRUE(merged) << merged.error().message;
  }

  // An entry that never was before.
  PlacedEntry any_new(std::uint32_t partition = 0) {
    ++entries_;
    return entry_at(number(entries_), entries_, {"value"}, partition);
  }

  Change change_of(std::vector<PlacedEntry> entries) {
    Change change;
    change.position = Position{run(), ++counter_};
    change.logged = entries.size();
    change.entries = std::move(entries);
    return change;
  }

  Fetched::Commit commit(std::vector<PlacedEntry> entries) {
    const Change change = change_of(std::move(entries));
    merge(change);
    Fetched::Commit made{*change.position, {}};
    for (const PlacedEntry& placed : change.entries) made.entries.push_back(placed.entry);
    return made;
  }

  // So many commits of one entry each, in partition 0.
  Commits commit_many(std::size_t count) {
    Commits made;
    while (made.size() < count) made.push_back(commit({any_new()}));
    return made;
  }

  void trim(const Position& through) {
    Change change;
    change.trim_through = through;
    merge(change);
  }

  Result<Fetched> try_fetch(const Position& after, std::vector<PartitionId> partitions = {{0}},
                            std::uint32_t max_bytes = limits::kMaxPageBytes) {
    return store_->fetch({after, std::move(partitions), max_bytes});
  }
  Fetched fetch(const Position& after) { return try_fetch(after).value(); }

  // What follows the first `known` of `commits`.
  static Fetched rest_of(const Commits& commits, std::size_t known) {
    Fetched rest;
    rest.commits.assign(commits.begin() + static_cast<std::ptrdiff_t>(known), commits.end());
    rest.through = rest.head = commits.back().position;
    return rest;
  }

  static Fetched trimmed(const Position& head) { return {true, {}, {}, head}; }

  Rng rng_{1};
  std::unique_ptr<Factory> factory_ = std::make_unique<Factory>();
  std::unique_ptr<Store> store_ = factory_->make(rng_, {});
  std::uint64_t counter_ = 0;
  std::uint64_t entries_ = 0;
};

TYPED_TEST_SUITE_P(StreamConformance);

TYPED_TEST_P(StreamConformance, BeginsNowhereAndUnborn) {
  EXPECT_EQ(this->store_->info().stream, StreamState{});
  EXPECT_EQ(this->store_->info().whole, Wholeness{});
  EXPECT_EQ(this->fetch({}), Fetched{});
  EXPECT_EQ(this->fetch({1, 1}), this->trimmed({}));
}

TYPED_TEST_P(StreamConformance, KnowsWhereItsRunsEnded) {
  const std::uint64_t first = this->run();
  this->commit_many(3);
  this->reopen();
  const std::uint64_t idle = this->run();
  this->reopen();
  const std::uint64_t third = this->run();
  this->counter_ = 0;
  this->commit_many(1);
  this->reopen();
  const std::vector<Run> ends{{first, 3}, {idle, 0}, {third, 1}, {this->run(), 0}};
  EXPECT_EQ(this->store_->info().runs, ends);
}

TYPED_TEST_P(StreamConformance, FetchesCommitsInTheirOrder) {
  const auto commits = this->commit_many(5);
  EXPECT_EQ(this->fetch({}), this->rest_of(commits, 0));
  for (std::size_t known = 1; known <= commits.size(); ++known) {
    EXPECT_EQ(this->fetch(commits[known - 1].position), this->rest_of(commits, known));
  }
  EXPECT_EQ(read(*this->store_, FetchQuery{{}, {{0}}}).value(),
            ReadResult(this->rest_of(commits, 0)));
}

TYPED_TEST_P(StreamConformance, LogsNothingButWhatItCoordinated) {
  const PlacedEntry own = this->any_new();
  Change change = this->change_of({own, this->any_new()});
  change.logged = 1;
  this->merge(change);
  ASSERT_TRUE(this->store_->merge(std::vector{this->any_new()}));
  Fetched expected;
  expected.commits = {{*change.position, {own.entry}}};
  expected.through = expected.head = *change.position;
  EXPECT_EQ(this->fetch({}), expected);
  // And a commit without entries is one all the same.
  const auto empty = this->commit({});
  expected.through = expected.head = empty.position;
  EXPECT_EQ(this->fetch({}), expected);
}

TYPED_TEST_P(StreamConformance, GetsPastCommitsOfOtherPartitions) {
  const PlacedEntry mine = this->any_new(65'535);
  this->commit({this->any_new(0)});
  const auto mixed = this->commit({this->any_new(1), mine, this->any_new(0)});
  const auto last = this->commit({this->any_new(2)});
  const Fetched found = this->try_fetch({}, {{3}, {65'535}}).value();
  ASSERT_EQ(found.commits.size(), 1U);
  EXPECT_EQ(found.commits[0].position, mixed.position);
  EXPECT_EQ(found.commits[0].entries, std::vector<Entry>{mine.entry});
  EXPECT_EQ(found.through, last.position);
  const Fetched none = this->try_fetch({}, {}).value();
  EXPECT_TRUE(none.commits.empty());
  EXPECT_EQ(none.through, last.position);
}

TYPED_TEST_P(StreamConformance, PagesByBytesButGivesAtLeastOneCommit) {
  const auto commits = this->commit_many(7);
  const std::size_t each = commits[0].entries[0].message_bytes();
  for (const std::size_t fit : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    Position after;
    typename TestFixture::Commits found;
    while (after != commits.back().position) {
      const auto max_bytes = static_cast<std::uint32_t>(fit * each);
      const Fetched page = this->try_fetch(after, {{0}}, max_bytes).value();
      ASSERT_FALSE(page.commits.empty());
      EXPECT_LE(page.commits.size(), std::max<std::size_t>(fit, 1));
      EXPECT_EQ(page.through, page.commits.back().position);
      EXPECT_EQ(page.head, commits.back().position);
      found.insert(found.end(), page.commits.begin(), page.commits.end());
      after = page.through;
    }
    EXPECT_EQ(found, commits);
  }
}

TYPED_TEST_P(StreamConformance, VisitsOnlySoManyRecordsAtOnce) {
  for (std::size_t i = 0; i < kMaxVisitedAtOnce + 10; ++i) this->commit({});
  const Fetched first = this->fetch({});
  EXPECT_EQ(first.through, (Position{this->run(), kMaxVisitedAtOnce}));
  EXPECT_FALSE(first.trimmed);
  EXPECT_EQ(this->fetch(first.through).through, first.head);
}

TYPED_TEST_P(StreamConformance, SaysTrimmedForPositionsThatItNeverHad) {
  const auto commits = this->commit_many(3);
  const Position head = commits.back().position;
  for (const Position& unknown : {Position{head.run, 0}, Position{head.run, head.counter + 1},
                                  Position{head.run, ~std::uint64_t{0}}, Position{head.run ^ 1, 1},
                                  Position{~std::uint64_t{0}, ~std::uint64_t{0}}}) {
    EXPECT_EQ(this->fetch(unknown), this->trimmed(head)) << unknown.run << ' ' << unknown.counter;
  }
}

TYPED_TEST_P(StreamConformance, GoesOnFromRunToRun) {
  auto commits = this->commit_many(3);
  for (const std::size_t count : {2U, 0U, 0U, 1U, 4U}) {
    this->reopen();
    EXPECT_EQ(this->store_->info().stream.head, commits.back().position);
    EXPECT_EQ(this->fetch({}), this->rest_of(commits, 0));
    this->counter_ = 0;
    for (auto& commit : this->commit_many(count)) commits.push_back(std::move(commit));
  }
  for (std::size_t known = 1; known <= commits.size(); ++known) {
    EXPECT_EQ(this->fetch(commits[known - 1].position), this->rest_of(commits, known)) << known;
  }
  EXPECT_EQ(this->fetch({}), this->rest_of(commits, 0));
}

TYPED_TEST_P(StreamConformance, KeepsCursorsAndAcknowledgements) {
  const StoreId one{Uuid{1, 2}};
  const StoreId other{Uuid{~std::uint64_t{0}, 3}};
  Change change = this->change_of({this->any_new()});
  change.cursors = {{one, {5, 6}}, {other, {7, 8}}};
  change.acknowledged = {{one, *change.position}};
  this->merge(change);
  Change later;
  later.cursors = {{one, {9, 1}}};
  later.acknowledged = {{other, *change.position}};
  this->merge(later);
  EXPECT_EQ(this->store_->info().stream, StreamState{}) << "as it was when it was opened";
  this->reopen();
  const StreamState expected{*change.position,
                             {{one, {9, 1}}, {other, {7, 8}}},
                             {{one, *change.position}, {other, *change.position}}};
  EXPECT_EQ(this->store_->info().stream, expected);
}

TYPED_TEST_P(StreamConformance, TakesNothingOfAChangeWithABadEntry) {
  Change change = this->change_of({this->any_new(), this->any_new()});
  change.entries[1].entry.digest.bits ^= 1;
  change.cursors = {{StoreId{Uuid{1, 2}}, {5, 6}}};
  change.acknowledged = change.cursors;
  EXPECT_FALSE(this->store_->merge(change));
  EXPECT_EQ(this->fetch({}), Fetched{});
  // Nor with what follows.
  const auto commits = this->commit_many(1);
  EXPECT_EQ(this->fetch({}), this->rest_of(commits, 0));
  this->reopen();
  EXPECT_EQ(this->store_->info().stream, (StreamState{commits[0].position, {}, {}}));
}

TYPED_TEST_P(StreamConformance, TrimsThroughAPosition) {
  auto commits = this->commit_many(10);
  this->trim(commits[5].position);
  const Position head = commits.back().position;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(this->fetch(commits[i].position), this->trimmed(head)) << i;
  }
  EXPECT_EQ(this->fetch({}), this->trimmed(head));
  EXPECT_EQ(this->fetch(commits[5].position), this->rest_of(commits, 6));
  this->reopen();
  EXPECT_EQ(this->fetch(commits[4].position), this->trimmed(head));
  EXPECT_EQ(this->fetch(commits[5].position), this->rest_of(commits, 6));
  EXPECT_EQ(this->fetch(commits[7].position), this->rest_of(commits, 8));
}

TYPED_TEST_P(StreamConformance, KeepsTheLastRecordWhateverIsTrimmed) {
  auto commits = this->commit_many(4);
  const Position last = commits.back().position;
  this->trim(last);
  this->trim(last);
  EXPECT_EQ(this->fetch(commits[2].position), this->rest_of(commits, 3));
  this->reopen();
  EXPECT_EQ(this->store_->info().stream.head, last);
  EXPECT_EQ(this->fetch(last), (Fetched{false, {}, last, last}));
  // The next one takes its place.
  this->counter_ = 0;
  Change change = this->change_of({this->any_new()});
  change.trim_through = last;
  this->merge(change);
  const Fetched next = this->fetch(last);
  EXPECT_EQ(next.commits.size(), 1U);
  EXPECT_EQ(next.head, *change.position);
  EXPECT_EQ(this->fetch(commits[2].position), this->trimmed(*change.position));
}

TYPED_TEST_P(StreamConformance, TrimsThroughRuns) {
  typename TestFixture::Commits commits;
  for (int run = 0; run < 4; ++run) {
    for (auto& commit : this->commit_many(3)) commits.push_back(std::move(commit));
    this->reopen();
    this->counter_ = 0;
  }
  const Position head = commits.back().position;
  this->trim({~std::uint64_t{0}, 5});  // a position that nobody had: nothing goes
  EXPECT_EQ(this->fetch({}), this->rest_of(commits, 0));
  this->trim(commits[7].position);
  EXPECT_EQ(this->fetch(commits[6].position), this->trimmed(head));
  EXPECT_EQ(this->fetch(commits[7].position), this->rest_of(commits, 8));
  this->trim(commits[1].position);  // once more: changes nothing
  EXPECT_EQ(this->fetch(commits[7].position), this->rest_of(commits, 8));
  const auto next = this->commit({this->any_new()});
  this->trim(next.position);
  EXPECT_EQ(this->fetch(head).commits, (typename TestFixture::Commits{next}));
  EXPECT_EQ(this->fetch(commits[7].position), this->trimmed(next.position));
}

TYPED_TEST_P(StreamConformance, TrimsSoManyRecordsInOneMerge) {
  const auto commits = this->commit_many(kMaxTrimmedAtOnce + 50);
  const Position head = commits.back().position;
  this->trim(head);
  EXPECT_EQ(this->fetch(commits[kMaxTrimmedAtOnce - 2].position), this->trimmed(head));
  EXPECT_FALSE(this->fetch(commits[kMaxTrimmedAtOnce - 1].position).trimmed);
  this->trim(head);
  EXPECT_TRUE(this->fetch(commits[kMaxTrimmedAtOnce + 47].position).trimmed);
  EXPECT_EQ(this->fetch(commits[kMaxTrimmedAtOnce + 48].position).commits.size(), 1U);
}

TYPED_TEST_P(StreamConformance, KeepsOnlySoManyRecords) {
  this->reset({.records = 3});
  auto commits = this->commit_many(10);
  EXPECT_TRUE(this->fetch(commits[5].position).trimmed);
  EXPECT_EQ(this->fetch(commits[6].position), this->rest_of(commits, 7));
  this->reopen();
  this->counter_ = 0;
  commits.push_back(this->commit({this->any_new()}));
  EXPECT_TRUE(this->fetch(commits[6].position).trimmed);
  EXPECT_EQ(this->fetch(commits[7].position), this->rest_of(commits, 8));
}

TYPED_TEST_P(StreamConformance, KeepsOnlySoManyBytes) {
  this->reset({.bytes = 1000});
  const auto commits = this->commit_many(30);
  EXPECT_TRUE(this->fetch(commits[10].position).trimmed);
  EXPECT_FALSE(this->fetch(commits[25].position).trimmed);
  this->reset({.bytes = 1});
  this->counter_ = 0;
  const auto others = this->commit_many(3);
  EXPECT_EQ(this->fetch(others[1].position), this->rest_of(others, 2));
}

TYPED_TEST_P(StreamConformance, CannotReadACommitOfWhichAnEntryIsGone) {
  const PlacedEntry gone = this->any_new(1);
  const auto first = this->commit({this->any_new(0)});
  this->commit({this->any_new(0), gone});
  this->factory_->lose(this->store_, this->rng_, name_of(gone));
  const Result<Fetched> read = this->try_fetch(first.position, {{0}, {1}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unreadable);
  // Who does not want it is not kept from the rest.
  EXPECT_EQ(this->fetch(first.position).commits.size(), 1U);
}

TYPED_TEST_P(StreamConformance, KeepsWhichPartitionsAreWhole) {
  const Wholeness whole{Wholeness::Kind::all_but, {{0}, {7}, {65'535}}};
  ASSERT_TRUE(this->store_->save_wholeness(whole));
  EXPECT_EQ(this->store_->info().whole, whole);
  ASSERT_TRUE(this->store_->save_map(ClusterId{Uuid{1, 2}}, "map"));
  this->reopen();
  EXPECT_EQ(this->store_->info().whole, whole);
  EXPECT_EQ(this->store_->info().map, "map");
}

TYPED_TEST_P(StreamConformance, IsFollowedWhileItGrowsAndIsTrimmed) {
  this->reset({.records = 20});
  constexpr std::uint64_t kCommits = 300;
  std::vector<Change> changes;
  for (std::uint64_t i = 0; i < kCommits; ++i)
    changes.push_back(this->change_of({this->any_new()}));
  std::thread writer([&] {
    for (const Change& change : changes) {
      if (!this->store_->merge(change)) return;
    }
  });
  Position at;
  bool is_right = true;
  while (is_right && at.counter < kCommits) {
    const Result<Fetched> found = this->try_fetch(at);
    is_right = found.has_value();
    if (!is_right) break;
    if (found->trimmed) at = found->head;
    if (found->trimmed) continue;
    for (const auto& commit : found->commits) {
      is_right = is_right && commit.position.counter == at.counter + 1 &&
                 commit.entries[0] == changes[at.counter].entries[0].entry;
      at = commit.position;
    }
    is_right = is_right && found->through == at && found->head.counter >= at.counter;
  }
  writer.join();
  EXPECT_TRUE(is_right) << "at " << at.counter;
}

// Whoever follows the log from any position gets exactly what came after it, or is told that it is
// trimmed, which never happens past what may be trimmed.
TYPED_TEST_P(StreamConformance, GivesAllThatFollowedOrSaysTrimmed) {
  Position last;  // of the case before: all cases go through one store
  EXPECT_TRUE(rc::check("follows the log", [&] {
    const Position first = last;
    typename TestFixture::Commits commits;
    std::size_t trimmed = 0;  // so many positions may lead nowhere any more, `first` among them
    for (std::size_t left = pick(20); left > 0; --left) {
      const std::size_t what = pick(8);
      if (what == 0) {
        this->reopen();
        this->counter_ = pick(3);
      } else if (what <= 2 && !commits.empty()) {
        const std::size_t through = pick(commits.size());
        this->trim(commits[through].position);
        trimmed = std::max(trimmed, through + 1);
      } else {
        commits.push_back(this->commit({this->any_new()}));
        last = commits.back().position;
      }
    }
    for (std::size_t known = 0; known < commits.size(); ++known) {
      const Fetched found = this->fetch(known == 0 ? first : commits[known - 1].position);
      if (found.trimmed) {
        RC_ASSERT(known < trimmed);
      } else {
        RC_ASSERT(found == this->rest_of(commits, known));
      }
    }
    RC_ASSERT(this->fetch(last) == (Fetched{false, {}, last, last}));
  }));
}

REGISTER_TYPED_TEST_SUITE_P(StreamConformance, BeginsNowhereAndUnborn, KnowsWhereItsRunsEnded,
                            FetchesCommitsInTheirOrder, LogsNothingButWhatItCoordinated,
                            GetsPastCommitsOfOtherPartitions, PagesByBytesButGivesAtLeastOneCommit,
                            VisitsOnlySoManyRecordsAtOnce, SaysTrimmedForPositionsThatItNeverHad,
                            GoesOnFromRunToRun, KeepsCursorsAndAcknowledgements,
                            TakesNothingOfAChangeWithABadEntry, TrimsThroughAPosition,
                            KeepsTheLastRecordWhateverIsTrimmed, TrimsThroughRuns,
                            TrimsSoManyRecordsInOneMerge, KeepsOnlySoManyRecords,
                            KeepsOnlySoManyBytes, CannotReadACommitOfWhichAnEntryIsGone,
                            KeepsWhichPartitionsAreWhole, IsFollowedWhileItGrowsAndIsTrimmed,
                            GivesAllThatFollowedOrSaysTrimmed);

}  // namespace kipu::storage
