// The planner: who stores which partition. A pure function; the same arguments give the same
// placement on every machine (DESIGN in docs/architecture.md, "Placement").
//
//  1. Each partition has min(n, workers) distinct workers, in as many distinct zones as can be.
//  2. As far as 1 leaves it, each worker's share of replicas, and of first places, is within one
//     partition of its weight's share; a share is capped at one replica of every partition, and the
//     rest spread by weight.
//  3. (Movement: with a previous placement. Not built yet.)
//  4. Among equals, the clockwise order of a consistent-hash ring of virtual nodes decides, as many
//     per worker as its weight says, keyed by store id.
#pragma once

#include <cstdint>
#include <vector>

#include "schema/messages.h"

namespace kipu::cluster {

// A placement for a fresh cluster. The order of `workers` does not matter.
// REQUIRES: workers not empty, with distinct ids and stores, weights from 1 to 1000; n >= 1;
// partitions a power of two.
[[nodiscard]] std::vector<schema::Replicas> plan(const std::vector<schema::Worker>& workers,
                                                 std::uint32_t n, std::uint32_t partitions);

}  // namespace kipu::cluster
