#include "cluster/map.h"

#include <algorithm>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/digest.h"
#include "base/limits.h"

namespace kipu::cluster {
namespace {

schema::Worker worker(std::uint32_t number) {
  schema::Worker made;
  made.id = WorkerId{number};
  made.store = StoreId{Uuid{7, number}};
  return made;
}

schema::ClusterMap three_workers() {
  return first_map(ClusterId{Uuid{1, 1}}, MapVersion{1, 9, 1}, {worker(2), worker(1), worker(3)}, 2,
                   8);
}

TEST(HashTagTest, IsWhatStandsInTheFirstNonEmptyBraces) {
  EXPECT_EQ(hash_tag("{a}b"), "a");
  EXPECT_EQ(hash_tag("c{a}"), "a");
  EXPECT_EQ(hash_tag("x{a}{b}"), "a");
  EXPECT_EQ(hash_tag("x{{a}}"), "{a");
}

TEST(HashTagTest, IsTheWholeKeyWithoutATag) {
  EXPECT_EQ(hash_tag(""), "");
  EXPECT_EQ(hash_tag("key"), "key");
  EXPECT_EQ(hash_tag("{}b"), "{}b");
  EXPECT_EQ(hash_tag("{}{a}"), "{}{a}");
  EXPECT_EQ(hash_tag("{open"), "{open");
  EXPECT_EQ(hash_tag("a}b{"), "a}b{");
}

TEST(PartitionTest, IsTheTopBitsOfTheHashOfBucketAndTag) {
  const std::string hashed = std::string("\x07\0\0\0", 4) + "default" + "vec";
  EXPECT_EQ(partition_of("default", "vec", 1024).number, hash64(hashed) >> 54U);
  EXPECT_EQ(partition_of("default", "x{vec}y", 1024), partition_of("default", "vec", 1024));
}

TEST(PartitionTest, IsZeroWhereThereIsOne) {
  EXPECT_EQ(partition_of("default", "vec", 1), PartitionId{0});
}

TEST(PartitionTest, TakesKeysPastTheLimitsToo) {
  const std::string bucket(100, 'b');
  const std::string key(5000, 'k');
  const std::string hashed = std::string("\x64\0\0\0", 4) + bucket + key;
  EXPECT_EQ(partition_of(bucket, key, 65'536).number, hash64(hashed) >> 48U);
}

RC_GTEST_PROP(PartitionTest, KeysOfOneTagShareAPartition, (const std::string& before)) {
  std::string head = before;
  std::erase(head, '{');
  RC_ASSERT(partition_of("b", head + "{tag}" + before, 64) == partition_of("b", "tag", 64));
}

TEST(FirstMapTest, IsValidAndHasTheDefaultBucket) {
  const schema::ClusterMap map = three_workers();
  EXPECT_TRUE(validate(map));
  EXPECT_EQ(map.placement.size(), 8U);
  EXPECT_EQ(map.workers.front().id, WorkerId{1});
  ASSERT_NE(find_bucket(map, "default"), nullptr);
  EXPECT_EQ(*find_bucket(map, "default"), Bucket{.name = "default"});
  EXPECT_TRUE(map.previous.is_none());
}

TEST(LookupTest, FindsWorkersByIdAndByStore) {
  const schema::ClusterMap map = three_workers();
  for (std::uint32_t number = 1; number <= 3; ++number) {
    ASSERT_NE(find_worker(map, WorkerId{number}), nullptr);
    EXPECT_EQ(find_worker(map, WorkerId{number})->id.number, number);
    EXPECT_EQ(find_worker(map, StoreId{Uuid{7, number}})->id.number, number);
  }
  EXPECT_EQ(find_worker(map, WorkerId{4}), nullptr);
  EXPECT_EQ(find_worker(map, WorkerId{0}), nullptr);
  EXPECT_EQ(find_worker(map, StoreId{Uuid{7, 4}}), nullptr);
}

TEST(LookupTest, FindsBucketsByName) {
  schema::ClusterMap map = three_workers();
  map.buckets = {Bucket{.name = "a"}, Bucket{.name = "default"}, Bucket{.name = "z"}};
  EXPECT_EQ(find_bucket(map, "a")->name, "a");
  EXPECT_EQ(find_bucket(map, "z")->name, "z");
  EXPECT_EQ(find_bucket(map, "b"), nullptr);
  EXPECT_EQ(find_bucket(map, "zz"), nullptr);
}

TEST(LookupTest, CoordinatorsAreTheFirstReplicas) {
  const schema::ClusterMap map = three_workers();
  std::size_t coordinated = 0;
  for (std::uint32_t number = 1; number <= 3; ++number) {
    for (const PartitionId partition : coordinated_by(map, WorkerId{number})) {
      EXPECT_EQ(coordinator_of(map, partition), WorkerId{number});
      EXPECT_TRUE(is_replica(map, partition, WorkerId{number}));
      ++coordinated;
    }
  }
  EXPECT_EQ(coordinated, map.placement.size());
  EXPECT_FALSE(is_replica(map, PartitionId{0}, WorkerId{4}));
}

struct Damage {
  const char* what;
  std::function<void(schema::ClusterMap&)> apply;
};

TEST(ValidateMapTest, RefusesWhatNoBrokerMakes) {
  const std::vector<Damage> damages = {
      {"no cluster", [](auto& map) { map.cluster = {}; }},
      {"no version", [](auto& map) { map.version.epoch = 0; }},
      {"a generation that was made up", [](auto& map) { map.version.generation = UINT64_MAX; }},
      {"an epoch that was made up", [](auto& map) { map.version.epoch = UINT64_MAX; }},
      {"no replicas", [](auto& map) { map.replicas = 0; }},
      {"no partitions", [](auto& map) { map.placement.clear(); }},
      {"three partitions", [](auto& map) { map.placement.resize(3); }},
      {"too many partitions",
       [](auto& map) { map.placement.resize(131'072, map.placement.front()); }},
      {"an empty partition", [](auto& map) { map.placement[3].clear(); }},
      {"more replicas than n", [](auto& map) { map.replicas = 1; }},
      {"a replica twice", [](auto& map) { map.placement[3] = {WorkerId{1}, WorkerId{1}}; }},
      {"an unknown replica", [](auto& map) { map.placement[3] = {WorkerId{9}}; }},
      {"no workers", [](auto& map) { map.workers.clear(); }},
      {"workers out of order", [](auto& map) { std::swap(map.workers[0], map.workers[1]); }},
      {"a store twice", [](auto& map) { map.workers[0].store = map.workers[1].store; }},
      {"no store", [](auto& map) { map.workers[0].store = {}; }},
      {"no weight", [](auto& map) { map.workers[0].weight = 0; }},
      {"a huge weight", [](auto& map) { map.workers[0].weight = limits::kMaxWeight + 1; }},
      {"a long zone", [](auto& map) { map.workers[0].zone.resize(limits::kMaxZoneBytes + 1); }},
      {"a long endpoint",
       [](auto& map) { map.workers[0].endpoints.peer.resize(limits::kMaxEndpointBytes + 1); }},
      {"no default bucket", [](auto& map) { map.buckets.front().name = "other"; }},
      {"a bucket twice", [](auto& map) { map.buckets.push_back(map.buckets.front()); }},
      {"a bucket without a name", [](auto& map) { map.buckets.front().name.clear(); }},
  };
  for (const Damage& damage : damages) {
    schema::ClusterMap map = three_workers();
    damage.apply(map);
    const Status status = validate(map);
    ASSERT_FALSE(status) << damage.what;
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument) << damage.what;
  }
}

TEST(ValidateBucketTest, TakesEveryModeAndLevelThatABucketMayHave) {
  for (const Level level : {Level::one, Level::quorum, Level::all}) {
    EXPECT_TRUE(validate(
        Bucket{.name = "b", .mode = BucketMode::wmrm, .read_level = level, .write_level = level}));
  }
  EXPECT_TRUE(validate(Bucket{.name = "b", .write_level = Level::none}));
  EXPECT_TRUE(validate(Bucket{.name = "b", .max_pair_bytes = limits::kLargestMaxPairBytes}));
}

TEST(ValidateBucketTest, RefusesNamesLevelsAndSizesOutOfRange) {
  EXPECT_FALSE(validate(Bucket{.name = ""}));
  EXPECT_FALSE(validate(Bucket{.name = "a b"}));
  EXPECT_FALSE(validate(Bucket{.name = std::string(65, 'a')}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .mode = static_cast<BucketMode>(9)}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .read_level = Level::none}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .read_level = Level::bucket_default}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .write_level = Level::bucket_default}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .max_pair_bytes = 0}));
  EXPECT_FALSE(validate(Bucket{.name = "b", .max_pair_bytes = limits::kLargestMaxPairBytes + 1}));
}

}  // namespace
}  // namespace kipu::cluster
