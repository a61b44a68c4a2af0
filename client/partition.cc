#include "kipu/partition.h"

#include "cluster/map.h"

namespace kipu {

PartitionId partition_of(std::string_view bucket, std::string_view key, std::uint32_t partitions) {
  return cluster::partition_of(bucket, key, partitions);
}

}  // namespace kipu
