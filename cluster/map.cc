#include "cluster/map.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/entry.h"
#include "base/limits.h"
#include "base/little_endian.h"
#include "cluster/planner.h"

namespace kipu::cluster {
namespace {

template <class... Args>
tl::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::invalid_argument, fmt::format(format, std::forward<Args>(args)...));
}

// XXH3-64 of the length and bytes of `bucket`, then `tag`.
std::uint64_t place_hash(std::string_view bucket, std::string_view tag) {
  constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
  const auto length = static_cast<std::uint32_t>(bucket.size());
  std::array<char, kLengthBytes + limits::kMaxBucketNameBytes + limits::kMaxKeyBytes> bytes;
  const std::size_t size = kLengthBytes + bucket.size() + tag.size();
  if (size > bytes.size()) {  // no such entry is ever stored, but the function is total
    std::string long_bytes;
    append_le(long_bytes, length);
    return hash64(long_bytes.append(bucket).append(tag));
  }
  std::memcpy(bytes.data(), &length, kLengthBytes);
  char* const after = std::copy(bucket.begin(), bucket.end(), bytes.data() + kLengthBytes);
  std::copy(tag.begin(), tag.end(), after);
  return hash64({bytes.data(), size});
}

bool is_worker_level(Level level) {
  return level == Level::one || level == Level::quorum || level == Level::all;
}

Status validate_buckets(const std::vector<Bucket>& buckets) {
  if (buckets.size() > limits::kMaxBuckets) return invalid("{} buckets", buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (Status status = validate(buckets[i]); !status) return status;
    if (i > 0 && buckets[i - 1].name >= buckets[i].name) {
      return invalid("bucket '{}' is out of order", buckets[i].name);
    }
  }
  return {};
}

Status validate_worker(const schema::Worker& worker) {
  const std::string name = worker.id.to_string();
  if (worker.id.is_none() || worker.store.is_none()) return invalid("a worker without id or store");
  if (worker.weight < 1 || worker.weight > limits::kMaxWeight) {
    return invalid("worker {} has weight {}", name, worker.weight);
  }
  if (worker.zone.size() > limits::kMaxZoneBytes)
    return invalid("the zone of {} is too long", name);
  if (worker.endpoints.stream.size() > limits::kMaxEndpointBytes ||
      worker.endpoints.peer.size() > limits::kMaxEndpointBytes) {
    return invalid("an endpoint of {} is too long", name);
  }
  return {};
}

Status validate_workers(const std::vector<schema::Worker>& workers) {
  if (workers.empty() || workers.size() > limits::kMaxWorkers) {
    return invalid("{} workers", workers.size());
  }
  std::vector<StoreId> stores;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (Status status = validate_worker(workers[i]); !status) return status;
    if (i > 0 && workers[i - 1].id >= workers[i].id) {
      return invalid("worker {} is out of order", workers[i].id.to_string());
    }
    stores.push_back(workers[i].store);
  }
  std::sort(stores.begin(), stores.end());
  if (std::adjacent_find(stores.begin(), stores.end()) != stores.end()) {
    return invalid("two workers with one store");
  }
  return {};
}

Status validate_replicas(const schema::ClusterMap& map, std::uint32_t partition) {
  const schema::Replicas& replicas = map.placement[partition];
  if (replicas.empty() || replicas.size() > map.replicas) {
    return invalid("partition {} has {} replicas", partition, replicas.size());
  }
  for (auto at = replicas.begin(); at != replicas.end(); ++at) {
    if (find_worker(map, *at) == nullptr) {
      return invalid("partition {} is on {}, which does not exist", partition, at->to_string());
    }
    if (std::find(replicas.begin(), at, *at) != at) {
      return invalid("partition {} is on {} twice", partition, at->to_string());
    }
  }
  return {};
}

}  // namespace

std::string_view hash_tag(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

PartitionId partition_of(std::string_view bucket, std::string_view key, std::uint32_t partitions) {
  KIPU_CHECK(std::has_single_bit(partitions) && partitions <= limits::kMaxPartitions);
  const auto bits = static_cast<unsigned>(std::countr_zero(partitions));
  const std::uint64_t hash = place_hash(bucket, hash_tag(key));
  // In two steps, since a shift by 64, for one partition, is undefined.
  return PartitionId{static_cast<std::uint32_t>(hash >> 1U >> (63U - bits))};
}

Status validate(const schema::ClusterMap& map) {
  if (map.cluster.is_none() || map.version.is_none()) return invalid("a map without id or version");
  if (map.version.generation > kMostMapChanges || map.version.epoch > kMostMapChanges) {
    return invalid("a map of generation {} and epoch {}", map.version.generation,
                   map.version.epoch);
  }
  if (map.replicas < 1 || map.replicas > limits::kMaxWorkers) {
    return invalid("{} replicas", map.replicas);
  }
  if (!std::has_single_bit(map.placement.size()) || map.placement.size() > limits::kMaxPartitions) {
    return invalid("{} partitions, which is no power of two", map.placement.size());
  }
  if (Status status = validate_buckets(map.buckets); !status) return status;
  if (find_bucket(map, kDefaultBucket) == nullptr) return invalid("no bucket 'default'");
  if (Status status = validate_workers(map.workers); !status) return status;
  for (std::uint32_t partition = 0; partition < map.placement.size(); ++partition) {
    if (Status status = validate_replicas(map, partition); !status) return status;
  }
  return {};
}

WorkerId coordinator_of(const schema::ClusterMap& map, PartitionId partition) {
  KIPU_CHECK_OP(partition.number, <, map.placement.size());
  return map.placement[partition.number].front();
}

bool is_replica(const schema::ClusterMap& map, PartitionId partition, WorkerId worker) {
  KIPU_CHECK_OP(partition.number, <, map.placement.size());
  const schema::Replicas& replicas = map.placement[partition.number];
  return std::find(replicas.begin(), replicas.end(), worker) != replicas.end();
}

const Bucket* find_bucket(const schema::ClusterMap& map, std::string_view name) {
  const auto at = std::lower_bound(
      map.buckets.begin(), map.buckets.end(), name,
      [](const Bucket& bucket, std::string_view wanted) { return bucket.name < wanted; });
  return at != map.buckets.end() && at->name == name ? &*at : nullptr;
}

const schema::Worker* find_worker(const schema::ClusterMap& map, WorkerId id) {
  const auto at = std::lower_bound(
      map.workers.begin(), map.workers.end(), id,
      [](const schema::Worker& worker, WorkerId wanted) { return worker.id < wanted; });
  return at != map.workers.end() && at->id == id ? &*at : nullptr;
}

const schema::Worker* find_worker(const schema::ClusterMap& map, StoreId store) {
  const auto at = std::find_if(map.workers.begin(), map.workers.end(),
                               [&](const schema::Worker& worker) { return worker.store == store; });
  return at != map.workers.end() ? &*at : nullptr;
}

std::vector<PartitionId> coordinated_by(const schema::ClusterMap& map, WorkerId worker) {
  std::vector<PartitionId> found;
  for (std::uint32_t partition = 0; partition < map.placement.size(); ++partition) {
    if (map.placement[partition].front() == worker) found.push_back(PartitionId{partition});
  }
  return found;
}

schema::ClusterMap first_map(ClusterId cluster, MapVersion version,
                             std::vector<schema::Worker> workers, std::uint32_t replicas,
                             std::uint32_t partitions) {
  schema::ClusterMap map;
  map.cluster = cluster;
  map.version = version;
  map.replicas = replicas;
  map.buckets.push_back(Bucket{.name = std::string(kDefaultBucket)});
  map.placement = plan(workers, replicas, partitions);
  map.workers = std::move(workers);
  std::sort(map.workers.begin(), map.workers.end(),
            [](const schema::Worker& a, const schema::Worker& b) { return a.id < b.id; });
  KIPU_CHECK(validate(map).has_value());
  return map;
}

Status validate(const Bucket& bucket) {
  if (!is_bucket_name(bucket.name)) {
    return invalid("'{}' is no bucket name: 1 to 64 characters of A-Z a-z 0-9 . _ -", bucket.name);
  }
  if (bucket.mode != BucketMode::worm && bucket.mode != BucketMode::wmrm) {
    return invalid("bucket '{}' has an unknown mode", bucket.name);
  }
  const bool writes_none = bucket.write_level == Level::none;
  if (!is_worker_level(bucket.read_level) ||
      !(is_worker_level(bucket.write_level) || writes_none)) {
    return invalid("bucket '{}' has a default level that is none", bucket.name);
  }
  if (bucket.max_pair_bytes < 1 || bucket.max_pair_bytes > limits::kLargestMaxPairBytes) {
    return invalid("bucket '{}': the largest pair is 1 to {} bytes, not {}", bucket.name,
                   limits::kLargestMaxPairBytes, bucket.max_pair_bytes);
  }
  return {};
}

}  // namespace kipu::cluster
