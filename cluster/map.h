// Questions that a cluster map answers, and the map of a cluster that is born.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bucket.h"
#include "base/ids.h"
#include "base/result.h"
#include "schema/messages.h"

namespace kipu::cluster {

// The bucket that every cluster has from its birth.
inline constexpr std::string_view kDefaultBucket = "default";

// More starts of brokers and changes of a map than there can be: what is past it was made up.
inline constexpr std::uint64_t kMostMapChanges = std::uint64_t{1} << 62U;

// What of `key` is hashed: what stands in its first non-empty braces, as in Redis Cluster, so that
// related keys share a partition; else all of it. "{a}b" and "c{a}" → "a"; "{}b" → "{}b".
[[nodiscard]] std::string_view hash_tag(std::string_view key);

// The top bits of XXH3-64 over: u32 length of bucket, little-endian; bucket; hash_tag(key).
// REQUIRES: `partitions` is a power of two, at most limits::kMaxPartitions.
[[nodiscard]] PartitionId partition_of(std::string_view bucket, std::string_view key,
                                       std::uint32_t partitions);

// `invalid_argument` with the reason if `map` is not one that a broker could have made: generation
// and epoch at most kMostMapChanges, partitions
// a power of two, each with 1 to n distinct replicas that exist, workers and buckets ascending and
// within limits, `default` among the buckets.
[[nodiscard]] Status validate(const schema::ClusterMap& map);

// What follows REQUIRES that validate(map) holds, and that partitions are within the map. Lookups
// take constant time, or that of a binary search; by store id they scan the workers.

// The worker that coordinates writes to `partition`: its first replica.
[[nodiscard]] WorkerId coordinator_of(const schema::ClusterMap& map, PartitionId partition);

[[nodiscard]] bool is_replica(const schema::ClusterMap& map, PartitionId partition,
                              WorkerId worker);

// Null if there is none. The pointer is good as long as `map` is unchanged.
[[nodiscard]] const Bucket* find_bucket(const schema::ClusterMap& map, std::string_view name);
[[nodiscard]] const schema::Worker* find_worker(const schema::ClusterMap& map, WorkerId id);
[[nodiscard]] const schema::Worker* find_worker(const schema::ClusterMap& map, StoreId store);

// The partitions of which `worker` is the coordinator, ascending.
[[nodiscard]] std::vector<PartitionId> coordinated_by(const schema::ClusterMap& map,
                                                      WorkerId worker);

// The first map of a cluster: the bucket `default` and a fresh plan.
// REQUIRES: of `workers`, `replicas` and `partitions` what plan() and validate() do.
[[nodiscard]] schema::ClusterMap first_map(ClusterId cluster, MapVersion version,
                                           std::vector<schema::Worker> workers,
                                           std::uint32_t replicas, std::uint32_t partitions);

// Whether `name`, level and size are ones that a bucket may have; `invalid_argument` otherwise.
[[nodiscard]] Status validate(const Bucket& bucket);

}  // namespace kipu::cluster
