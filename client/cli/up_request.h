// What `up` was asked for, and how it fits the directory that it finds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "client/cli/arguments.h"
#include "client/cli/cluster_folder.h"

namespace kipu::cli {

struct UpRequest {
  std::filesystem::path data = "kipu-data";
  std::uint16_t port = 7400;  // 0: free ones
  std::optional<std::uint32_t> workers;
  std::optional<std::uint32_t> replicas;
  std::optional<std::uint32_t> partitions;
  std::optional<std::uint64_t> reserve;  // bytes
  bool detach = false;
};

// `invalid_argument`.
[[nodiscard]] Result<UpRequest> parse_up(const Arguments& arguments);

// The record of the cluster to run: the one that is there, or a new one with this id. `unsupported`
// if the one that is there was made with something else.
[[nodiscard]] Result<ClusterRecord> settle_record(const UpRequest& request,
                                                  const std::optional<ClusterRecord>& found,
                                                  ClusterId fresh);

}  // namespace kipu::cli
