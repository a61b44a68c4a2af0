#include "client/values.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kipu/client.h"
#include "tests/client/fake_cluster.h"
#include "tests/client/walk.h"

namespace kipu {
namespace {

using schema::MessageKind;
using test::FakeCluster;
using test::numbers;
using test::values_of;
using testing::ElementsAre;
using testing::IsEmpty;

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
  EXPECT_EQ(client_.exists("key", level).error().code, ErrorCode::invalid_argument);
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

}  // namespace
}  // namespace kipu
