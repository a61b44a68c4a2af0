// The planner: who stores which partition. A pure function; the same arguments give the same
// placement on every machine (docs/architecture.md, "Placement").
//
//  1. Each partition has min(n, workers) distinct workers, in as many distinct zones as can be.
//  2. As far as 1 leaves it, each worker's share of replicas, and of first places, is within one
//     partition of its weight's share; a share is capped at one replica of every partition, and the
//     rest spread by weight.
//  3. (Movement: with a previous placement. Not built yet.)
//  4. Among equals, the clockwise order of a consistent-hash ring of virtual nodes decides, as many
//     per worker as its weight says, keyed by store id.
//
// The method has three steps, and none of them searches:
//  a. Quotas: how many replicas each worker holds (shares.h).
//  b. A walk: each partition in turn takes workers in ring order, but leaves out whatever would
//  make
//     the rest of the quotas impossible, and takes what they cannot do without. Whether they are
//     possible shows at once: with L partitions left no worker may have more than L to go, and a
//     zone no more than L if zones are to be distinct, no less if each partition needs it (from the
//     theorem on matrices of zeros and ones with given sums: Gale, "A theorem on flows in
//     networks", 1957; Ryser, 1957).
//  c. First places: in ring order as long as a worker has fewer than its share; the few partitions
//     that find no such worker are placed by augmenting paths (Ford and Fulkerson, 1956), so that
//     what the replicas allow is reached.
#pragma once

#include <cstdint>
#include <vector>

#include "schema/messages.h"

namespace kipu::cluster {

// A placement for a fresh cluster. The order of `workers` does not matter.
// REQUIRES: workers not empty, with distinct ids and stores, weights from 1 to kMaxWeight; n >= 1;
// partitions a power of two, at most kMaxPartitions.
[[nodiscard]] std::vector<schema::Replicas> plan(const std::vector<schema::Worker>& workers,
                                                 std::uint32_t n, std::uint32_t partitions);

}  // namespace kipu::cluster
