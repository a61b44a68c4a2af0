// Where a key belongs.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace kipu {

// The partition of a key in a cluster that has so many (Ring::placement has an element for each):
// Client::entries goes by it. What stands in a key's first non-empty braces decides, if anything
// does. REQUIRES: a power of two, at most limits::kMaxPartitions.
[[nodiscard]] PartitionId partition_of(std::string_view bucket, std::string_view key,
                                       std::uint32_t partitions);

}  // namespace kipu
