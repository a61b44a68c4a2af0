// What several replicas cost: appends at the default level, `quorum`, to three workers.
#pragma once

#include <cstddef>
#include <filesystem>

#include "base/time.h"

namespace kipu::bench {

struct Cost {
  double per_second = 0;  // acknowledged, with as many under way as the client takes
  double cpu_micros = 0;  // per append, of client, broker and workers, until all replicas have it
  double one_at_a_time = 0;  // p50 in microseconds
};

// Measures a new cluster in `directory`/cluster, which is removed afterwards, for twice `length`.
[[nodiscard]] Cost cost_of(std::size_t replicas, const std::filesystem::path& programs,
                           const std::filesystem::path& directory, Duration length);

}  // namespace kipu::bench
