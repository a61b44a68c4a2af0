// The checkers, held against histories that are right, and against ones that are wrong.
#include "tests/sim/checkers/model.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/map.h"
#include "tests/sim/checkers/buckets.h"

namespace kipu::sim {
namespace {

constexpr std::uint32_t kPartitions = 4;

class ModelTest : public ::testing::Test {
 protected:
  Model& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

  WriteId begin(const std::string& key, const std::string& value,
                EntryKind kind = EntryKind::append) {
    return model_.begin_write("b", key, kind, Values{value}, std::nullopt);
  }
  Entry entry_of(const std::string& key, const std::string& value, std::uint64_t time,
                 EntryKind kind = EntryKind::append) {
    return make_entry("b", key, stamp(time), kind, Values{value});
  }
  static Stamp stamp(std::uint64_t time) { return {StampTime(time), 1}; }
  // A write that was stored and acknowledged.
  Entry written(const std::string& key, const std::string& value, std::uint64_t time,
                EntryKind kind = EntryKind::append) {
    const WriteId write = begin(key, value, kind);
    Entry entry = entry_of(key, value, time, kind);
    model_.on_stored(entry);
    model_.on_acknowledged(write, stamp(time), 1);
    return entry;
  }
  Entry removed(const std::string& key, std::uint64_t time) {
    const WriteId write = model_.begin_write("b", key, EntryKind::remove, {}, stamp(time));
    Entry entry = make_entry("b", key, stamp(time), EntryKind::remove, {});
    model_.on_stored(entry);
    model_.on_acknowledged(write, stamp(time), 1);
    return entry;
  }
  static PageQuery page_of(const std::string& key) {
    PageQuery query;
    query.bucket = "b";
    query.key = key;
    return query;
  }
  void read(const PageQuery& query, std::vector<Entry> entries, bool complete = true) {
    model_.on_page(model_.begin_read(), query, Page{std::move(entries), complete});
  }
  void count(std::uint64_t entries, std::uint64_t values) {
    CountQuery query;
    query.bucket = "b";
    query.key = "k";
    model_.on_count(model_.begin_read(), query, Count{entries, values, std::nullopt});
  }
  void list(std::vector<std::string> keys, bool skip_removed = false) {
    KeysQuery query;
    query.bucket = "b";
    query.skip_removed = skip_removed;
    for (std::uint32_t i = 0; i < kPartitions; ++i) query.partitions.push_back(PartitionId{i});
    model_.on_keys(model_.begin_read(), query, kPartitions,
                   KeysPage{std::move(keys), std::nullopt});
  }

 private:
  Verdict verdict_;
  Model model_{verdict_, true};
};

TEST_F(ModelTest, AcceptsAHistoryThatIsRight) {
  const Entry first = written("k", "1", 10);
  const Entry second = written("k", "2", 20);
  read(page_of("k"), {first, second});
  PageQuery reverse = page_of("k");
  reverse.reverse = true;
  reverse.max_entries = 1;
  read(reverse, {second}, false);
  reverse.after = second.id();
  read(reverse, {first});
  count(2, 2);
  list({"k"});
  model().check_disks({{first, second}});
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, CatchesAnAcknowledgementOfWhatIsOnNoDisk) {
  model().on_acknowledged(begin("k", "1"), stamp(1), 1);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, CatchesAPageThatLacksWhatWasAcknowledged) {
  const Entry first = written("k", "1", 10);
  written("k", "2", 20);
  read(page_of("k"), {first});
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, CatchesAPageWithAHole) {
  const Entry first = written("k", "1", 10);
  written("k", "2", 20);
  const Entry third = written("k", "3", 30);
  read(page_of("k"), {first, third}, false);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, DoesNotAskAPageForWhatLiesPastItsEndOrOutsideItsTimes) {
  const Entry first = written("k", "1", 10);
  written("k", "2", 20);
  read(page_of("k"), {first}, false);
  PageQuery times = page_of("k");
  times.until = StampTime(20);
  read(times, {first});
  times.since = StampTime(11);
  read(times, {});
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, DoesNotAskAReadForWhatWasAcknowledgedAfterItBegan) {
  const Moment begun = model().begin_read();
  written("k", "1", 10);
  model().on_page(begun, page_of("k"), Page{});
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, CatchesWhatWasReadOnceAndThenIsGone) {
  const WriteId write = begin("k", "1");
  const Entry entry = entry_of("k", "1", 10);
  model().on_stored(entry);
  read(page_of("k"), {entry});
  model().on_unknown(write, std::nullopt);
  read(page_of("k"), {});
  EXPECT_EQ(broken(), "I4");
}

TEST_F(ModelTest, CatchesWhatIsReadBeforeItIsOnADisk) {
  begin("k", "1");
  read(page_of("k"), {entry_of("k", "1", 10)});
  EXPECT_EQ(broken(), "I4");
}

TEST_F(ModelTest, CatchesAnEmptyPageThatIsNotComplete) {
  read(page_of("k"), {}, false);
  EXPECT_EQ(broken(), "I6");
}

TEST_F(ModelTest, CatchesWhatNobodyWrote) {
  read(page_of("k"), {entry_of("k", "x", 1)});
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, CatchesAnAlteredValueOnADisk) {
  begin("k", "1");
  model().on_stored(entry_of("k", "2", 10));
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, CatchesAWrongDigest) {
  Entry entry = written("k", "1", 10);
  ++entry.digest.bits;
  read(page_of("k"), {entry});
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, CatchesAnotherKeysEntry) {
  const Entry entry = written("other", "1", 10);
  read(page_of("k"), {entry});
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, CatchesAWriteStoredUnderTwoStamps) {
  begin("k", "1");
  model().on_stored(entry_of("k", "1", 10));
  model().on_stored(entry_of("k", "1", 11));
  EXPECT_EQ(broken(), "I3");
}

TEST_F(ModelTest, TakesTheSameEntryStoredAgain) {
  const Entry entry = written("k", "1", 10);
  model().on_stored(entry);
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, CatchesAnEntryTwiceInAPage) {
  const Entry entry = written("k", "1", 10);
  read(page_of("k"), {entry, entry});
  EXPECT_EQ(broken(), "I3");
}

TEST_F(ModelTest, CatchesAnEntryTwiceOnADisk) {
  const Entry entry = written("k", "1", 10);
  model().check_disks({{entry, entry}});
  EXPECT_EQ(broken(), "I3");
}

TEST_F(ModelTest, CatchesADiskThatLostSomething) {
  written("k", "1", 10);
  model().check_disks({{}});
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, CatchesARefusedWriteThatIsStored) {
  model().on_refused(begin("k", "1"));
  model().on_stored(entry_of("k", "1", 10));
  EXPECT_EQ(broken(), "I6");
}

TEST_F(ModelTest, CatchesAWriteThatIsStoredAndThenRefused) {
  const WriteId write = begin("k", "1");
  model().on_stored(entry_of("k", "1", 10));
  model().on_refused(write);
  EXPECT_EQ(broken(), "I6");
}

TEST_F(ModelTest, AllowsAWriteOfUnknownOutcomeToBeStoredOrNot) {
  model().on_unknown(begin("k", "1"), stamp(10));
  read(page_of("k"), {});
  const Entry entry = entry_of("k", "1", 10);
  model().on_stored(entry);
  read(page_of("k"), {entry});
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, AllowsARefusalOfOneCallWhileAnotherForTheSameWriteSucceeds) {
  const WriteId write = model().begin_write("b", "k", EntryKind::append, Values{"1"}, stamp(10));
  model().begin_again(write);
  model().on_stored(entry_of("k", "1", 10));
  model().on_refused(write);
  model().on_acknowledged(write, stamp(10), 1);
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, CatchesACountThatIsTooSmallOrTooLarge) {
  written("k", "1", 10);
  written("k", "2", 20);
  count(2, 2);
  EXPECT_EQ(broken(), "");
  count(1, 1);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, CatchesACountOfMoreThanIsStored) {
  written("k", "1", 10);
  count(2, 2);
  EXPECT_EQ(broken(), "I3");
}

TEST_F(ModelTest, CatchesAListThatLacksAKey) {
  written("k", "1", 10);
  list({});
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ModelTest, CatchesAListWithAKeyThatNobodyWrote) {
  list({"k"});
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, KnowsThatRemovalsHideKeys) {
  written("k", "1", 10, EntryKind::put);
  removed("k", 20);
  list({}, true);
  list({"k"}, false);
  written("k", "2", 30, EntryKind::put);
  list({"k"}, true);
  EXPECT_EQ(broken(), "");
}

TEST_F(ModelTest, CatchesARemovedKeyThatIsListed) {
  written("k", "1", 10, EntryKind::put);
  removed("k", 20);
  list({"k"}, true);
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ModelTest, CatchesAScanThatLacksAnEntry) {
  written("k", "1", 10);
  ScanQuery query;
  query.bucket = "b";
  query.partition = cluster::partition_of("b", "k", kPartitions);
  model().on_scan(model().begin_read(), query, kPartitions, Page{});
  EXPECT_EQ(broken(), "I1");
}

class BucketModelTest : public ::testing::Test {
 protected:
  static schema::ClusterMap map_with(std::vector<Bucket> buckets) {
    schema::Worker worker;
    worker.id = WorkerId{1};
    worker.store = StoreId{Uuid{1, 2}};
    auto map = cluster::first_map(ClusterId{Uuid{1, 1}}, {1, 1, 1}, {worker}, 1, kPartitions);
    buckets.push_back(map.buckets.front());
    std::sort(buckets.begin(), buckets.end(),
              [](const Bucket& a, const Bucket& b) { return a.name < b.name; });
    map.buckets = std::move(buckets);
    return map;
  }
  static Bucket bucket(const std::string& name) {
    Bucket bucket;
    bucket.name = name;
    return bucket;
  }
  void see(const schema::ClusterMap& map) { model_.on_map(model_.begin_read(), map); }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

  Verdict verdict_;
  BucketModel model_{verdict_};
};

TEST_F(BucketModelTest, AcceptsBucketsThatStay) {
  model_.begin_create(bucket("a"));
  see(map_with({}));
  model_.on_created(bucket("a"));
  see(map_with({bucket("a")}));
  EXPECT_EQ(broken(), "");
  EXPECT_TRUE(model_.is_certain("a"));
}

TEST_F(BucketModelTest, CatchesABucketThatIsGone) {
  model_.begin_create(bucket("a"));
  model_.on_created(bucket("a"));
  see(map_with({}));
  EXPECT_EQ(broken(), "I1");
}

TEST_F(BucketModelTest, CatchesABucketThatNobodyCreatedLikeThis) {
  model_.begin_create(bucket("a"));
  Bucket other = bucket("a");
  other.max_pair_bytes = 77;
  see(map_with({other}));
  EXPECT_EQ(broken(), "I2");
}

TEST_F(BucketModelTest, CatchesAPartitionThatIsPlacedAnew) {
  auto map = map_with({});
  see(map);
  schema::Worker second = map.workers[0];
  second.id = WorkerId{2};
  second.store = StoreId{Uuid{3, 4}};
  map.workers.push_back(second);
  map.placement[0] = {second.id};
  see(map);
  EXPECT_EQ(broken(), "I1");
}

}  // namespace
}  // namespace kipu::sim
