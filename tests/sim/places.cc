#include "tests/sim/places.h"

#include <algorithm>

#include "cluster/map.h"

namespace kipu::sim {

void Places::on_map(const schema::ClusterMap& map) {
  if (map_ && map.version <= map_->version) return;
  map_ = map;
  stores_.clear();
  for (const schema::Worker& worker : map.workers) stores_[worker.id] = worker.store;
}

PartitionId Places::partition_of(const Entry& entry) const {
  const auto partitions = static_cast<std::uint32_t>(map_->placement.size());
  return cluster::partition_of(entry.bucket, entry.key, partitions);
}

const schema::Replicas& Places::replicas_of(const Entry& entry) const {
  return map_->placement[partition_of(entry).number];
}

bool Places::is_for(StoreId store, const Entry& entry) const {
  if (!map_) return false;
  const schema::Replicas& replicas = replicas_of(entry);
  return std::any_of(replicas.begin(), replicas.end(),
                     [&](WorkerId id) { return stores_.at(id) == store; });
}

bool Places::is_first(StoreId store, const Entry& entry) const {
  return map_ && stores_.at(replicas_of(entry).front()) == store;
}

Model::Disks Places::disks_for(const Entry& entry) const {
  Model::Disks disks = 0;
  if (!map_) return disks;
  for (const WorkerId id : replicas_of(entry))
    disks |= Model::Disks{1} << disks_.at(stores_.at(id));
  return disks;
}

std::optional<std::size_t> Places::disk_of(StoreId store) const {
  const auto found = disks_.find(store);
  return found == disks_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace kipu::sim
