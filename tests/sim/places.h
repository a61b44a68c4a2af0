// Where entries belong, by the newest map that any worker has on its disk. As long as nothing
// moves, all maps after the first in force say the same.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "base/entry.h"
#include "base/ids.h"
#include "schema/messages.h"
#include "tests/sim/checkers/model.h"

namespace kipu::sim {

class Places {
 public:
  void add(StoreId store, std::size_t disk) { disks_[store] = disk; }
  void on_map(const schema::ClusterMap& map);

  bool is_known() const { return map_.has_value(); }
  const schema::ClusterMap& map() const { return *map_; }
  PartitionId partition_of(const Entry& entry) const;
  bool is_for(StoreId store, const Entry& entry) const;
  // The first replica of an entry's partition.
  bool is_first(StoreId store, const Entry& entry) const;
  Model::Disks disks_for(const Entry& entry) const;
  std::optional<std::size_t> disk_of(StoreId store) const;

 private:
  const schema::Replicas& replicas_of(const Entry& entry) const;

  std::map<StoreId, std::size_t> disks_;
  std::optional<schema::ClusterMap> map_;
  std::map<WorkerId, StoreId> stores_;
};

}  // namespace kipu::sim
