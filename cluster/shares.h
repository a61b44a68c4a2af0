// How many replicas each worker holds: fair shares, and their rounding to whole numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kipu::cluster {

// Workers, by index, and what bounds them. In each partition, a worker holds at most one replica.
struct Shareholders {
  std::vector<std::uint32_t> weights;  // 1 to limits::kMaxWeight
  std::vector<std::size_t> zones;      // of each worker: 0 to zone_count - 1
  std::size_t zone_count = 1;          // each with at least one worker
};

// How many replicas of `partitions` partitions with `replicas` each every worker holds.
//
// The fair share of a worker is min(partitions, level × weight), with one level for all (water
// filling), except that a zone's total is held where distinct zones demand it: with at least as
// many zones as replicas at most one replica of each partition; with fewer, at least one, and no
// more than leaves one for each other zone. A zone that is held so has a level of its own. Each
// quota is its share rounded down or up, by largest remainder, first among zones, then within each.
//
// REQUIRES: 1 <= replicas <= number of workers; partitions a power of two up to kMaxPartitions.
[[nodiscard]] std::vector<std::uint32_t> replica_quotas(const Shareholders& holders,
                                                        std::uint32_t replicas,
                                                        std::uint32_t partitions);

// For each worker its weight's share of `total`, rounded down.
[[nodiscard]] std::vector<std::uint32_t> floor_shares(const std::vector<std::uint32_t>& weights,
                                                      std::uint32_t total);
// The same, rounded up.
[[nodiscard]] std::vector<std::uint32_t> ceil_shares(const std::vector<std::uint32_t>& weights,
                                                     std::uint32_t total);

}  // namespace kipu::cluster
