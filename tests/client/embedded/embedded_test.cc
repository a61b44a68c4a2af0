// The store in a directory, with everything real: ZeroMQ, LevelDB, the disk.
#include "kipu/embedded.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/support/process.h"

namespace kipu {
namespace {

using testing::ElementsAre;

Result<Client> open_patiently(const std::filesystem::path& directory, bool create = true) {
  EmbeddedOptions options;
  options.create = create;
  options.client.timeout = test::kPatience;
  return open_embedded(directory, options);
}

std::vector<std::string> values_of(Client& client, std::string_view key) {
  std::vector<std::string> values;
  for (const auto& item : client.values(key)) {
    values.push_back(item ? item->value : std::string(error_name(item.error().code)));
  }
  return values;
}

TEST(EmbeddedTest, KeepsWhatItStoredForTheNextOpening) {
  const test::TempDirectory directory;
  for (const char* value : {"first", "second", "third"}) {
    auto client = open_patiently(directory / "store");
    ASSERT_TRUE(client) << client.error().message;
    ASSERT_TRUE(client->append("key", value));
  }
  auto client = open_patiently(directory / "store", false);
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_THAT(values_of(*client, "key"), ElementsAre("first", "second", "third"));
}

TEST(EmbeddedTest, FinishesWhatIsInFlightWhenItCloses) {
  const test::TempDirectory directory;
  int acknowledged = 0;
  {
    auto client = open_patiently(directory / "store");
    ASSERT_TRUE(client) << client.error().message;
    for (int i = 0; i < 1000; ++i) {
      client->append_async(
          "key", Values{std::to_string(i)}, {},
          [&](const Result<Stamp>& result, auto) { acknowledged += result ? 1 : 0; });
    }
    ASSERT_TRUE(client->append("key", "last"));
  }
  auto client = open_patiently(directory / "store");
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_GE(client->count("key")->values, static_cast<std::uint64_t>(acknowledged) + 1);
}

TEST(EmbeddedTest, KeepsAnyBytesAndTheLargestPair) {
  const test::TempDirectory directory;
  auto client = open_patiently(directory / "store");
  ASSERT_TRUE(client) << client.error().message;
  const std::string key("\0\xff{\0}", 5);
  const std::string largest(limits::kDefaultMaxPairBytes - key.size(), '\xff');
  ASSERT_TRUE(client->append(key, ""));
  ASSERT_TRUE(client->append(key, largest));
  EXPECT_EQ(client->append(key, largest + "x").error().code, ErrorCode::too_large);
  EXPECT_THAT(values_of(*client, key), ElementsAre("", largest));
}

TEST(EmbeddedTest, RefusesADirectoryThatIsOpen) {
  const test::TempDirectory directory;
  const auto client = open_patiently(directory / "store");
  ASSERT_TRUE(client) << client.error().message;
  const auto again = open_patiently(directory / "store");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::in_use);
}

TEST(EmbeddedTest, OpensSeveralStoresInOneProcess) {
  const test::TempDirectory directory;
  auto one = open_patiently(directory / "one");
  auto two = open_patiently(directory / "two");
  ASSERT_TRUE(one && two);
  ASSERT_TRUE(one->append("key", "one"));
  ASSERT_TRUE(two->append("key", "two"));
  EXPECT_THAT(values_of(*one, "key"), ElementsAre("one"));
  EXPECT_THAT(values_of(*two, "key"), ElementsAre("two"));
}

TEST(EmbeddedTest, MakesNoStoreWhereNoneIsAskedFor) {
  const test::TempDirectory directory;
  const auto absent = open_patiently(directory / "store", false);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::not_a_store);
  EXPECT_FALSE(std::filesystem::exists(directory / "store"));
  std::ofstream(directory / "notes") << "mine";
  const auto foreign = open_patiently(directory.path());
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::not_a_store);
}

TEST(EmbeddedTest, RefusesAnEndpointThatIsNone) {
  ClientOptions options;
  options.brokers = {"nonsense"};
  const auto client = Client::connect(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace kipu
