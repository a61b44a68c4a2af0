#include <algorithm>
#include <cstdint>
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

using test::FakeCluster;
using test::walk;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace kipu
