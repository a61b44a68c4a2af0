// Whether the workers' disks have the room that they are to keep in reserve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/prepare.h"

namespace kipu::cli {

// One sentence for each disk that has less: appends are refused there.
[[nodiscard]] std::vector<std::string> short_of_room(const ClusterFolder& folder,
                                                     const Prepared& prepared,
                                                     std::optional<std::uint64_t> reserve);

// A size as the daemons read it, rounded up; nothing for none.
[[nodiscard]] std::string daemon_size(std::optional<std::uint64_t> bytes);

}  // namespace kipu::cli
