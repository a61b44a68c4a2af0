// Three workers that keep three replicas of everything.
#include <map>

#include <gtest/gtest.h>

#include "cluster/map.h"
#include "tests/runtime/runtimes.h"
#include "tests/support/raw_client.h"

namespace kipu {
namespace {

using test::eventually;
using test::RawClient;

class ReplicasRuntimeTest : public test::RuntimesTest {
 protected:
  static constexpr int kKeys = 20;

  ReplicasRuntimeTest() : RuntimesTest(3, 3) {}

  static std::string key(int number) { return "key" + std::to_string(number); }
  // Tries one replica after the other until one has acknowledged it.
  static void append(RawClient& client, const schema::ClusterMap& map, int number) {
    const Entry entry = test::entry_now(key(number), "value of " + key(number));
    const auto partition = cluster::partition_of(entry.bucket, entry.key,
                                                 static_cast<std::uint32_t>(map.placement.size()));
    const schema::Replicas& replicas = map.placement[partition.number];
    std::size_t next = 0;
    EXPECT_TRUE(eventually([&] {
      auto request = test::append_request(map, entry);
      request.envelope.destination = replicas[next++ % replicas.size()];
      return test::append_status(client.ask(std::move(request))).has_value();
    })) << key(number);
  }
  // Whether that store alone holds all entries of the first `count` keys.
  bool holds_all(const storage::Store& store, int count) const {
    for (int number = 0; number < count; ++number) {
      PageQuery query;
      query.bucket = "default";
      query.key = key(number);
      query.partition = cluster::partition_of(query.bucket, query.key, 16);
      const auto page = store.page(query);
      if (!page || page->entries.empty()) return false;
    }
    return true;
  }
};

TEST_F(ReplicasRuntimeTest, StreamsWhatIsAppendedToEveryReplica) {
  RawClient client(*bus_, "frontend");
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  for (int number = 0; number < kKeys; ++number) append(client, *map, number);
  for (const auto& store : stores_) {
    EXPECT_TRUE(eventually([&] { return holds_all(*store, kKeys); }));
  }
}

TEST_F(ReplicasRuntimeTest, GoesOnWithoutOneWorkerAndCatchesItUp) {
  RawClient client(*bus_, "frontend");
  auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  append(client, *map, 0);
  workers_[0].reset();
  for (int number = 1; number < kKeys; ++number) append(client, *map, number);
  for (int number = 0; number < kKeys; ++number) {
    Result<Page> page = fail(ErrorCode::unavailable, "not asked yet");
    EXPECT_TRUE(eventually([&] { return (page = client.page(*map, key(number))).has_value(); }));
    EXPECT_EQ(values_of(page).size(), 1U) << key(number);
  }
  stores_[0]->reopen();
  workers_[0] = start_worker(*stores_[0]);
  EXPECT_TRUE(eventually([&] { return holds_all(*stores_[0], kKeys); }));
}

}  // namespace
}  // namespace kipu
