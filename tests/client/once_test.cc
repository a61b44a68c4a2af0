#include "client/once.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "kipu/client.h"
#include "tests/client/fake_cluster.h"
#include "tests/client/walk.h"

namespace kipu {
namespace {

using test::FakeCluster;
using test::numbers;
using test::values_of;
using ::testing::HasSubstr;

// Content whose records say these.
OnceContent records_of(const std::vector<std::uint64_t>& digests) {
  return [digests](const auto& take) -> Status {
    std::uint64_t number = 0;
    for (const std::uint64_t digest : digests) {
      if (!take({++number, digest})) break;
    }
    return {};
  };
}

std::vector<std::uint64_t> many(std::uint64_t count) {
  std::vector<std::uint64_t> digests;
  for (std::uint64_t i = 0; i < count; ++i) digests.push_back(i * i);
  return digests;
}

TEST(OnceTest, GivesTheSameStampsAgain) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto begun = client.once("headers");
  ASSERT_TRUE(begun) << begun.error().message;
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

TEST(OnceTest, RefusesOtherContentAndNamesTheFirstRecordThatDiffers) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto begun = client.once("m", records_of({1, 2, 3}));
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(begun->content().records, 3U);
  ASSERT_TRUE(client.once("m", records_of({1, 2, 3})));

  const auto refusal = [&](const std::vector<std::uint64_t>& digests) {
    const auto again = client.once("m", records_of(digests));
    if (again) return std::string("taken");
    EXPECT_EQ(again.error().code, ErrorCode::content_differs);
    return again.error().message;
  };
  EXPECT_THAT(refusal({9, 1, 2, 3}), HasSubstr("record 1 differs"));
  EXPECT_THAT(refusal({1, 2, 4}), HasSubstr("record 3 differs"));
  EXPECT_THAT(refusal({1, 2, 3, 4}), HasSubstr("record 4 differs"));
  EXPECT_THAT(refusal({1, 2}), HasSubstr("has 3 records and these end after 2"));
  EXPECT_THAT(refusal({}), HasSubstr("has 3 records and these end after 0"));
  EXPECT_THAT(refusal({2, 1, 3}), HasSubstr("record 1 differs"));
  EXPECT_TRUE(client.once("n", records_of({9, 1, 2, 3})));
}

TEST(OnceTest, NamesADifferenceFarIntoManyRecords) {
  FakeCluster cluster;
  Client client = cluster.connect();
  std::vector<std::uint64_t> digests = many(20'000);
  ASSERT_TRUE(client.once("many", records_of(digests)));
  ASSERT_TRUE(client.once("many", records_of(digests)));
  digests[17'321] = 5;
  const auto refused = client.once("many", records_of(digests));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("record 17322 differs"));
}

// The same content numbered otherwise would have other stamps.
TEST(OnceTest, TakesOtherNumbersForOtherContent) {
  FakeCluster cluster;
  Client client = cluster.connect();
  ASSERT_TRUE(client.once("m", records_of({1, 2})));
  const OnceContent shifted = [](const auto& take) -> Status {
    take({1, 1});
    take({3, 2});
    return {};
  };
  const auto refused = client.once("m", shifted);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("record 3 differs"));
}

TEST(OnceTest, EndsWithTheErrorThatTheContentEndsWith) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const OnceContent broken = [](const auto& take) -> Status {
    take({1, 1});
    return fail(ErrorCode::malformed, "line 2: no JSON");
  };
  EXPECT_EQ(client.once("m", broken).error().message, "line 2: no JSON");
  EXPECT_TRUE(client.once("m", records_of({7})));  // nothing was decided
}

// Many at one moment: with one content they agree, and of several contents one wins.
TEST(OnceTest, AgreesAmongFirstRunsAtTheSameMoment) {
  FakeCluster cluster;
  cluster.connect();
  for (int round = 0; round < 10; ++round) {
    const std::string name = "name-" + std::to_string(round);
    std::vector<Result<Once>> results(4, fail(ErrorCode::internal, "has not run"));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        Client client = cluster.connect();
        results[i] = client.once(name, records_of({1, i % 2}));
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t taken = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto& twin = results[(i + 2) % results.size()];  // of the same content
      ASSERT_EQ(results[i].has_value(), twin.has_value());
      if (!results[i]) {
        EXPECT_EQ(results[i].error().code, ErrorCode::content_differs);
        continue;
      }
      ++taken;
      EXPECT_EQ(results[i]->stamp(1), twin->stamp(1));
    }
    EXPECT_EQ(taken, 2U);
  }
}

// As Kipu 0.1 began it: the oldest entry of the name in kipu.once is the start.
TEST(OnceTest, KeepsTheStampsOfANameThatKipu01Began) {
  FakeCluster cluster;
  Client client = cluster.connect();
  Bucket bucket;
  bucket.name = "kipu.once";
  ASSERT_TRUE(client.create_bucket(bucket));
  AppendOptions options;
  options.bucket = bucket.name;
  const auto started = client.append("m", "started", options);
  ASSERT_TRUE(started);
  const auto once = client.once("m", records_of({1}));
  ASSERT_TRUE(once);
  EXPECT_EQ(once->start(), started->time);
}

// And the other way round: a client of Kipu 0.1 finds the start where it looks for it.
TEST(OnceTest, LeavesTheStartWhereKipu01LooksForIt) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto once = client.once("m", records_of({1}));
  ASSERT_TRUE(once);
  ReadOptions options;
  options.bucket = "kipu.once";
  const auto first = client.first("m", options);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->id.stamp.time, once->start());
}

TEST(OnceTest, DoesWithoutABucketThatSomebodyElseMadeOfItsName) {
  FakeCluster cluster;
  Client client = cluster.connect();
  Bucket bucket;
  bucket.name = "kipu.once";
  bucket.mode = BucketMode::wmrm;
  ASSERT_TRUE(client.create_bucket(bucket));
  const auto once = client.once("m", records_of({1}));
  ASSERT_TRUE(once) << once.error().message;
  EXPECT_EQ(client.once("m", records_of({1}))->stamp(1), once->stamp(1));
}

TEST(OnceTest, WritesTermsAsItReadsThem) {
  const client::OnceTerms terms{StampTime(77), {3, 0xdeadbeef}, 42};
  EXPECT_EQ(client::parse_terms(client::format_terms(terms)), terms);
  EXPECT_FALSE(client::parse_terms("started"));
  EXPECT_FALSE(client::parse_terms(client::format_terms(terms) + " "));
}

}  // namespace
}  // namespace kipu
