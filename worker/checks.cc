#include "worker/checks.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "cluster/map.h"

namespace kipu::worker {
namespace {

std::uint32_t partitions_of(const schema::ClusterMap& map) {
  return static_cast<std::uint32_t>(map.placement.size());
}

Status check_bucket_allows(const Bucket& bucket, const Entry& entry) {
  const bool appends = entry.kind == EntryKind::append;
  if (appends != (bucket.mode == BucketMode::worm)) {
    return fail(ErrorCode::wrong_mode,
                appends
                    ? fmt::format("bucket {} takes put and remove, not append", bucket.name)
                    : fmt::format("bucket {} takes append only, no put or remove", bucket.name));
  }
  if (entry.pair_bytes() > bucket.max_pair_bytes) {
    return fail(ErrorCode::too_large,
                fmt::format("key and values have {} bytes together, and bucket {} takes {}",
                            entry.pair_bytes(), bucket.name, bucket.max_pair_bytes));
  }
  return {};
}

Status check_stamp(WallTime wall, Stamp stamp) {
  // In milliseconds: as nanoseconds, the distance of a stamp's time may overflow.
  constexpr auto kAllowed = std::chrono::floor<std::chrono::milliseconds>(limits::kMaxClockSkew);
  const std::chrono::milliseconds ahead = stamp.time.wall() - wall;
  if (ahead.count() <= kAllowed.count()) return {};
  return fail(ErrorCode::clock_skew,
              fmt::format("the stamp lies {} ms ahead of this worker's clock; {} ms are allowed",
                          ahead.count(), kAllowed.count()));
}

Status check_partition(const schema::ClusterMap& map, WorkerId self, PartitionId partition) {
  if (partition.number >= partitions_of(map)) {
    return fail(ErrorCode::invalid_argument, fmt::format("partition {} is none of the cluster's {}",
                                                         partition.number, partitions_of(map)));
  }
  if (!cluster::is_replica(map, partition, self)) {
    return fail(ErrorCode::wrong_worker, fmt::format("{} is no replica of partition {}",
                                                     self.to_string(), partition.number));
  }
  return {};
}

Status check_bucket(const schema::ClusterMap& map, const std::string& bucket) {
  if (!is_bucket_name(bucket)) {
    return fail(ErrorCode::invalid_argument,
                "a bucket name has 1 to 64 characters of A-Z a-z 0-9 . _ -");
  }
  if (cluster::find_bucket(map, bucket) == nullptr) {
    return fail(ErrorCode::unknown_bucket, fmt::format("there is no bucket {}", bucket));
  }
  return {};
}

// A key asked for under another partition than its own would look as if it did not exist.
Status check_key(const schema::ClusterMap& map, WorkerId self, PartitionId partition,
                 const std::string& bucket, const std::string& key) {
  if (auto known = check_bucket(map, bucket); !known) return known;
  if (key.empty()) return fail(ErrorCode::empty_key, "a key has at least one byte");
  if (key.size() > limits::kMaxKeyBytes) {
    return fail(ErrorCode::too_large, fmt::format("a key has at most {} bytes, and this one has {}",
                                                  limits::kMaxKeyBytes, key.size()));
  }
  const PartitionId own = cluster::partition_of(bucket, key, partitions_of(map));
  if (own != partition) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the key is of partition {}, not {}", own.number, partition.number));
  }
  return check_partition(map, self, partition);
}

std::uint32_t clamped(std::uint32_t asked, std::size_t most) {
  return std::clamp<std::uint32_t>(asked, 1, static_cast<std::uint32_t>(most));
}

Status check(const schema::ClusterMap& map, WorkerId self, PageQuery& query) {
  query.max_entries = clamped(query.max_entries, limits::kMaxPageEntries);
  query.max_bytes = clamped(query.max_bytes, limits::kMaxPageBytes);
  return check_key(map, self, query.partition, query.bucket, query.key);
}

Status check(const schema::ClusterMap& map, WorkerId self, CountQuery& query) {
  query.max_entries = clamped(query.max_entries, limits::kMaxCountEntries);
  return check_key(map, self, query.partition, query.bucket, query.key);
}

Status check(const schema::ClusterMap& map, WorkerId self, KeysQuery& query) {
  query.max_keys = clamped(query.max_keys, limits::kMaxPageEntries);
  query.max_bytes = clamped(query.max_bytes, limits::kMaxPageBytes);
  if (auto known = check_bucket(map, query.bucket); !known) return known;
  const auto not_ascending =
      std::adjacent_find(query.partitions.begin(), query.partitions.end(),
                         [](PartitionId a, PartitionId b) { return a >= b; });
  if (not_ascending != query.partitions.end()) {
    return fail(ErrorCode::invalid_argument, "the partitions of a keys query ascend");
  }
  for (const PartitionId partition : query.partitions) {
    if (auto ours = check_partition(map, self, partition); !ours) return ours;
  }
  return {};
}

Status check(const schema::ClusterMap& map, WorkerId self, ScanQuery& query) {
  query.max_entries = clamped(query.max_entries, limits::kMaxPageEntries);
  query.max_bytes = clamped(query.max_bytes, limits::kMaxPageBytes);
  if (auto known = check_bucket(map, query.bucket); !known) return known;
  return check_partition(map, self, query.partition);
}

Status check(const schema::ClusterMap&, WorkerId, const FetchQuery&) {
  return fail(ErrorCode::invalid_argument, "a fetch is for workers");
}

}  // namespace

Result<PartitionId> check_entry(const schema::ClusterMap& map, WorkerId self, WallTime wall,
                                const Entry& entry) {
  if (auto valid = validate(entry); !valid) return fail(std::move(valid.error()));
  const Bucket* bucket = cluster::find_bucket(map, entry.bucket);
  if (bucket == nullptr) {
    return fail(ErrorCode::unknown_bucket, fmt::format("there is no bucket {}", entry.bucket));
  }
  if (auto allowed = check_bucket_allows(*bucket, entry); !allowed) {
    return fail(std::move(allowed.error()));
  }
  if (auto sound = check_stamp(wall, entry.stamp); !sound) return fail(std::move(sound.error()));
  const PartitionId partition = cluster::partition_of(entry.bucket, entry.key, partitions_of(map));
  if (auto ours = check_partition(map, self, partition); !ours) {
    return fail(std::move(ours.error()));
  }
  return partition;
}

Result<ReadQuery> check_query(const schema::ClusterMap& map, WorkerId self, ReadQuery query) {
  auto checked = std::visit([&](auto& one) { return check(map, self, one); }, query);
  if (!checked) return fail(std::move(checked.error()));
  return query;
}

std::string too_few_live(std::size_t live, std::size_t replicas, std::size_t needed) {
  return fmt::format("{} of {} replicas of this partition {} live, {} are needed", live, replicas,
                     live == 1 ? "is" : "are", needed);
}

}  // namespace kipu::worker
