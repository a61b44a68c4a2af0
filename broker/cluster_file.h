// What a broker keeps on its disk: the cluster that it serves, as a small TOML file in its
// directory. Everything else it learns from the workers.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"

namespace kipu::broker {

struct ClusterFile {
  ClusterId cluster;
  std::uint32_t workers = 3;  // how many must say hello before the cluster is born
  std::uint32_t replicas = 1;
  std::uint32_t partitions = limits::kDefaultPartitions;
  friend bool operator==(const ClusterFile&, const ClusterFile&) = default;
};

// Makes `directory`, which may exist, empty, a broker's. `invalid_argument` if it is one already,
// or holds anything else.
[[nodiscard]] Status write_cluster_file(const std::filesystem::path& directory,
                                        const ClusterFile& cluster);

// `not_a_store` for a directory that `init` did not make, `newer_format`, `corrupt`, each with the
// remedy; `io_error` for what cannot be read.
[[nodiscard]] Result<ClusterFile> read_cluster_file(const std::filesystem::path& directory);

}  // namespace kipu::broker
