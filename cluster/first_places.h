// Which replica of each partition comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kipu::cluster {

// The replicas of each partition, as indices of workers, in order of preference.
using Places = std::vector<std::vector<std::size_t>>;

// Moves one replica of each partition to the front, so that each worker is first in its weight's
// share of partitions, rounded down or up, as far as the replicas allow. The others keep their
// order.
void balance_first_places(Places& places, const std::vector<std::uint32_t>& weights);

}  // namespace kipu::cluster
