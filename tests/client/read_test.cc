#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/values.h"
#include "kipu/client.h"
#include "tests/client/fake_cluster.h"

namespace kipu {
namespace {

using schema::MessageKind;
using test::FakeCluster;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// An item as key tests show it; errors by their name.
template <class T>
std::vector<std::string> walk(Range<T> range, std::string (*show)(const T&)) {
  std::vector<std::string> shown;
  for (const auto& item : range) {
    shown.push_back(item ? show(*item) : std::string(error_name(item.error().code)));
  }
  return shown;
}

std::vector<std::string> values_of(Client& client, const ReadOptions& options) {
  return walk<Item>(client.values("key", options), [](const Item& item) { return item.value; });
}

std::vector<std::string> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::string> made;
  for (std::uint64_t number = from; number < to; ++number) made.push_back(std::to_string(number));
  return made;
}

std::vector<std::string> reversed(std::vector<std::string> values) {
  std::reverse(values.begin(), values.end());
  return values;
}

// The key "key" with the values 0, 1, 2, … in entries of 1, 2, 3, 1, 2, 3, … values.
class ReadTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kValues = 60;

  ReadTest() : client_(cluster_.connect()) {
    std::uint64_t next = 0;
    for (std::uint64_t entry = 0; next < kValues; ++entry) {
      Values values;
      for (std::uint64_t i = 0; i <= entry % 3; ++i) values.push_back(std::to_string(next++));
      client_.append_async("key", std::move(values), {}, [](auto, auto) {});
    }
    client_.flush();
  }

  ReadOptions paged(std::uint32_t entries) const {
    ReadOptions options;
    options.page_entries = entries;
    return options;
  }

  FakeCluster cluster_;
  Client client_;
};

TEST_F(ReadTest, WalksAllValuesOverPagesOfAnySize) {
  for (const std::uint32_t entries : {1U, 2U, 7U, 8192U}) {
    ReadOptions options = paged(entries);
    EXPECT_EQ(values_of(client_, options), numbers(0, kValues)) << entries;
    options.reverse = true;
    EXPECT_EQ(values_of(client_, options), reversed(numbers(0, kValues))) << entries;
  }
}

TEST_F(ReadTest, TakesTheFirstValuesEvenWithinAnEntry) {
  for (const std::uint32_t entries : {1U, 4U, 8192U}) {
    for (std::uint64_t n = 0; n <= kValues + 1; ++n) {
      ReadOptions options = paged(entries);
      options.first = n;
      const auto most = std::min(n, kValues);
      EXPECT_EQ(values_of(client_, options), numbers(0, most)) << n;
      options.reverse = true;
      EXPECT_EQ(values_of(client_, options), reversed(numbers(kValues - most, kValues))) << n;
    }
  }
}

TEST_F(ReadTest, TakesTheLastValuesEvenWithinAnEntry) {
  for (const std::uint32_t entries : {1U, 4U, 8192U}) {
    for (std::uint64_t n = 0; n <= kValues + 1; ++n) {
      ReadOptions options = paged(entries);
      options.last = n;
      const auto most = std::min(n, kValues);
      EXPECT_EQ(values_of(client_, options), numbers(kValues - most, kValues)) << n;
      options.reverse = true;
      EXPECT_EQ(values_of(client_, options), reversed(numbers(0, most))) << n;
    }
  }
}

TEST_F(ReadTest, TakesTheLastValuesAfterACursor) {
  const auto cursor = client_.first("key");
  ASSERT_TRUE(cursor && *cursor);
  ReadOptions options = paged(4);
  options.after = (*cursor)->id;
  options.last = kValues;
  EXPECT_EQ(values_of(client_, options), numbers(1, kValues));
  options.reverse = true;
  EXPECT_THAT(values_of(client_, options), IsEmpty());
}

TEST_F(ReadTest, GoesOnAfterACursor) {
  ReadOptions options = paged(4);
  options.after = (*client_.last("key"))->id;
  EXPECT_THAT(values_of(client_, options), IsEmpty());
  ASSERT_TRUE(client_.append("key", "late"));
  EXPECT_THAT(values_of(client_, options), ElementsAre("late"));
}

TEST_F(ReadTest, ReadsBetweenTwoTimes) {
  std::vector<StampTime> times;
  for (const auto& item : client_.values("key")) times.push_back(item->id.stamp.time);
  ReadOptions options;
  options.since = times[6];  // the first value of the fourth entry, after 1 + 2 + 3
  options.until = times[9];
  EXPECT_EQ(values_of(client_, options), numbers(6, 9));
  options.last = 2;
  EXPECT_EQ(values_of(client_, options), numbers(7, 9));
}

TEST_F(ReadTest, AsksForTheLastOneInOneRequest) {
  const auto item = client_.last("key");
  ASSERT_TRUE(item && *item);
  EXPECT_EQ((*item)->value, std::to_string(kValues - 1));
  EXPECT_EQ(cluster_.seen(MessageKind::page), 1U);
}

TEST_F(ReadTest, AsksForTheSecondPageOnlyAfterTheFirstValue) {
  ItemRange range = client_.values("key", paged(8));
  EXPECT_EQ(cluster_.seen(MessageKind::page), 0U);
  auto at = range.begin();
  ASSERT_TRUE(at != range.end() && *at);
  ASSERT_TRUE(client_.ping());  // whatever had been sent before has arrived
  EXPECT_EQ(cluster_.seen(MessageKind::page), 1U);
  ++at;
  EXPECT_TRUE(cluster_.wait_for(MessageKind::page, 2));
}

TEST_F(ReadTest, AsksAheadOnePageAndNoMore) {
  ItemRange range = client_.values("key", paged(8));
  auto at = range.begin();
  for (int i = 0; i < 10; ++i) ++at;  // still within the first page
  ASSERT_TRUE(client_.ping());
  EXPECT_EQ(cluster_.seen(MessageKind::page), 2U);
}

TEST_F(ReadTest, FetchesNothingBeyondTheLimit) {
  ReadOptions options = paged(8);
  options.first = 8;
  EXPECT_EQ(values_of(client_, options).size(), 8U);
  ASSERT_TRUE(client_.ping());
  EXPECT_EQ(cluster_.seen(MessageKind::page), 1U);
}

TEST_F(ReadTest, EndsWithTheErrorOfAPage) {
  cluster_.refuse([](const schema::Message& request) -> std::optional<Error> {
    if (request.envelope.kind != MessageKind::page) return std::nullopt;
    return Error{ErrorCode::unreadable, "a block is rotten"};
  });
  EXPECT_THAT(values_of(client_, {}), ElementsAre("unreadable"));
  EXPECT_EQ(client_.first("key").error().code, ErrorCode::unreadable);
}

TEST_F(ReadTest, RefusesWhatItCannotMean) {
  ReadOptions both;
  both.first = 1;
  both.last = 1;
  EXPECT_THAT(values_of(client_, both), ElementsAre("invalid_argument"));
  ReadOptions level;
  level.level = Level::none;
  EXPECT_THAT(values_of(client_, level), ElementsAre("invalid_argument"));
  EXPECT_EQ(client_.count("").error().code, ErrorCode::empty_key);
  EXPECT_EQ(client_.exists("").error().code, ErrorCode::empty_key);
  ReadOptions nowhere;
  nowhere.bucket = "nowhere";
  EXPECT_THAT(values_of(client_, nowhere), ElementsAre("unknown_bucket"));
}

TEST_F(ReadTest, CountsAndFinds) {
  const auto count = client_.count("key");
  ASSERT_TRUE(count);
  EXPECT_EQ(count->values, kValues);
  EXPECT_EQ(count->entries, kValues / 2);
  EXPECT_TRUE(*client_.exists("key"));
  EXPECT_FALSE(*client_.exists("no such key"));
  EXPECT_FALSE(client_.first("no such key")->has_value());
  EXPECT_FALSE(client_.last("no such key")->has_value());
}

TEST(IdBeforeTest, IsTheNeighbourInEachDirection) {
  const EntryId id{{StampTime(5), 0}, {0}};
  const EntryId before{{StampTime(4), UINT64_MAX}, {UINT64_MAX}};
  EXPECT_EQ(client::id_before(id, false), before);
  EXPECT_EQ(client::id_before(before, true), id);
  EXPECT_EQ(client::id_before(EntryId{}, false), std::nullopt);
  EXPECT_EQ(client::id_before({{StampTime::last(), UINT64_MAX}, {UINT64_MAX}}, true), std::nullopt);
}

// A bucket whose keys have one value at a time.
class NewestTest : public testing::Test {
 protected:
  NewestTest() : client_(cluster_.connect()) {
    Bucket bucket;
    bucket.name = "settings";
    bucket.mode = BucketMode::wmrm;
    EXPECT_TRUE(client_.create_bucket(bucket));
    write_.bucket = "settings";
    read_.bucket = "settings";
    call_.bucket = "settings";
  }

  FakeCluster cluster_;
  Client client_;
  AppendOptions write_;
  ReadOptions read_;
  CallOptions call_;
};

TEST_F(NewestTest, ShowsTheNewestValueOnly) {
  ASSERT_TRUE(client_.put("key", "old", write_));
  ASSERT_TRUE(client_.put("key", "new", write_));
  EXPECT_THAT(values_of(client_, read_), ElementsAre("new"));
  EXPECT_EQ((*client_.first("key", read_))->value, "new");
  EXPECT_EQ((*client_.last("key", read_))->value, "new");
  EXPECT_EQ(client_.count("key", read_)->values, 1U);
  EXPECT_TRUE(*client_.exists("key", call_));
}

TEST_F(NewestTest, ShowsNothingOfARemovedKey) {
  ASSERT_TRUE(client_.put("key", "old", write_));
  ASSERT_TRUE(client_.remove("key", write_));
  EXPECT_THAT(values_of(client_, read_), IsEmpty());
  EXPECT_FALSE(client_.last("key", read_)->has_value());
  EXPECT_EQ(client_.count("key", read_)->values, 0U);
  EXPECT_FALSE(*client_.exists("key", call_));
  KeysOptions keys;
  keys.bucket = "settings";
  EXPECT_EQ(client_.keys(keys).begin(), std::default_sentinel);
}

TEST_F(NewestTest, ShowsRemovalsInTheHistory) {
  ASSERT_TRUE(client_.put("key", "old", write_));
  ASSERT_TRUE(client_.remove("key", write_));
  read_.history = true;
  std::vector<EntryKind> kinds;
  for (const auto& item : client_.values("key", read_)) kinds.push_back(item->kind);
  EXPECT_THAT(kinds, ElementsAre(EntryKind::put, EntryKind::remove));
  read_.last = 1;
  EXPECT_THAT(values_of(client_, read_), ElementsAre(""));
}

TEST_F(NewestTest, ShowsTheValueAsOfATime) {
  ASSERT_TRUE(client_.put("key", "old", write_));
  const auto removed = client_.remove("key", write_);
  ASSERT_TRUE(removed);
  read_.until = removed->time;
  EXPECT_THAT(values_of(client_, read_), ElementsAre("old"));
}

TEST_F(NewestTest, ShowsNothingNewAfterTheCursorOfTheNewest) {
  ASSERT_TRUE(client_.put("key", "old", write_));
  read_.after = (*client_.first("key", read_))->id;
  EXPECT_THAT(values_of(client_, read_), IsEmpty());
  ASSERT_TRUE(client_.put("key", "new", write_));
  EXPECT_THAT(values_of(client_, read_), ElementsAre("new"));
}

TEST_F(NewestTest, KnowsABucketThatAnotherClientMade) {
  Client other = cluster_.connect();
  Bucket bucket;
  bucket.name = "later";
  bucket.mode = BucketMode::wmrm;
  ASSERT_TRUE(other.create_bucket(bucket));
  EXPECT_EQ(client_.bucket("later")->mode, BucketMode::wmrm);
  EXPECT_EQ(client_.bucket("never").error().code, ErrorCode::unknown_bucket);
  EXPECT_EQ(client_.buckets()->size(), 3U);
}

// Listings over three workers.
class ListingTest : public testing::Test {
 protected:
  static constexpr int kKeys = 200;

  ListingTest() : cluster_({.workers = 3, .partitions = 64}), client_(cluster_.connect()) {
    for (int i = 0; i < kKeys; ++i) {
      client_.append_async(name(i), Values{std::to_string(i)}, {}, [](auto, auto) {});
    }
    client_.flush();
  }

  static std::string name(int number) { return "key " + std::to_string(1000 + number); }
  static std::vector<std::string> names(int from, int to) {
    std::vector<std::string> made;
    for (int i = from; i < to; ++i) made.push_back(name(i));
    return made;
  }
  std::vector<std::string> keys(const KeysOptions& options) {
    return walk<std::string>(client_.keys(options), [](const std::string& key) { return key; });
  }
  std::vector<std::string> entry_keys(const KeysOptions& options) {
    auto shown =
        walk<Entry>(client_.entries(options), [](const Entry& entry) { return entry.key; });
    std::sort(shown.begin(), shown.end());
    return shown;
  }

  FakeCluster cluster_;
  Client client_;
};

TEST_F(ListingTest, ListsKeysInByteOrderOverAllWorkers) {
  for (const std::uint32_t page : {1U, 7U, 8192U}) {
    KeysOptions options;
    options.page_keys = page;
    EXPECT_EQ(keys(options), names(0, kKeys)) << page;
  }
}

TEST_F(ListingTest, ListsKeysOfAPrefixAfterAKey) {
  KeysOptions options;
  options.prefix = "key 10";
  options.after = name(49);
  EXPECT_EQ(keys(options), names(50, 100));
  options.prefix = "no such";
  EXPECT_THAT(keys(options), IsEmpty());
}

TEST_F(ListingTest, NamesTheWorkerWhoseKeysItCouldNotList) {
  cluster_.refuse([](const schema::Message& request) -> std::optional<Error> {
    if (request.envelope.destination != schema::Destination(WorkerId{2})) return std::nullopt;
    return Error{ErrorCode::unreadable, "a block is rotten"};
  });
  std::optional<Error> error;
  for (const auto& key : client_.keys()) {
    if (!key) error = key.error();
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::unreadable);
  EXPECT_THAT(error->message, HasSubstr("w2"));
}

TEST_F(ListingTest, ExportsEveryEntryOnce) {
  for (const std::uint32_t page : {1U, 8192U}) {
    KeysOptions options;
    options.page_keys = page;
    EXPECT_EQ(entry_keys(options), names(0, kKeys)) << page;
  }
}

TEST_F(ListingTest, ExportsThePrefixAfterAKey) {
  KeysOptions options;
  options.prefix = "key 10";
  options.after = name(89);
  EXPECT_EQ(entry_keys(options), names(90, 100));
}

TEST_F(ListingTest, NamesThePartitionThatItCouldNotExport) {
  cluster_.refuse([](const schema::Message& request) -> std::optional<Error> {
    if (request.envelope.destination != schema::Destination(PartitionId{17})) return std::nullopt;
    return Error{ErrorCode::unreadable, "a block is rotten"};
  });
  std::optional<Error> error;
  for (const auto& entry : client_.entries()) {
    if (!entry) error = entry.error();
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::unreadable);
  EXPECT_THAT(error->message, HasSubstr("partition 17"));
}

TEST(OnceTest, GivesTheSameStampsAgain) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto begun = client.once("headers");
  ASSERT_TRUE(begun);
  Client other = cluster.connect();
  const auto again = other.once("headers");
  ASSERT_TRUE(again);
  EXPECT_EQ(begun->stamp(0), again->stamp(0));
  EXPECT_EQ(begun->stamp(1'800'000), again->stamp(1'800'000));
  EXPECT_LT(begun->stamp(1), begun->stamp(2));
  EXPECT_NE(other.once("sources")->stamp(0), begun->stamp(0));
  EXPECT_EQ(client.bucket("kipu.once")->mode, BucketMode::worm);
}

TEST(OnceTest, StoresARepeatedImportOnce) {
  FakeCluster cluster;
  Client client = cluster.connect();
  for (int run = 0; run < 2; ++run) {
    const auto once = client.once("numbers");
    ASSERT_TRUE(once);
    for (std::uint64_t number = 0; number < 100; ++number) {
      AppendOptions options;
      options.stamp = once->stamp(number);
      client.append_async("key", Values{std::to_string(number)}, options, [](auto, auto) {});
    }
    client.flush();
  }
  EXPECT_EQ(values_of(client, {}), numbers(0, 100));
}

TEST(ClusterCallsTest, AnswersPingStatusAndRing) {
  FakeCluster cluster({.workers = 3, .partitions = 16});
  Client client = cluster.connect();
  const auto ping = client.ping();
  ASSERT_TRUE(ping);
  EXPECT_GT(ping->round_trip, Duration::zero());
  const auto status = client.status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->cluster, ping->cluster);
  EXPECT_EQ(client.ring()->placement.size(), 16U);
}

}  // namespace
}  // namespace kipu
