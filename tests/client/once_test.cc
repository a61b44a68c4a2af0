#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kipu/client.h"
#include "tests/client/fake_cluster.h"
#include "tests/client/walk.h"

namespace kipu {
namespace {

using test::FakeCluster;
using test::numbers;
using test::values_of;

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

}  // namespace
}  // namespace kipu
