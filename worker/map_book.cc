#include "worker/map_book.h"

#include <algorithm>
#include <utility>

#include "cluster/map.h"

namespace kipu::worker {

MapBook::MapBook(StoreId store, std::optional<schema::ClusterMap> saved)
    : store_(store), on_disk_(std::move(saved)) {}

MapBook::Taken MapBook::take(schema::ClusterMap map, std::uint64_t request) {
  if (on_disk_ && map.version <= on_disk_->version) return Taken::on_disk;
  if (!saving_.empty() && map.version <= saving_.back().map.version) {
    saving_.back().request = request;
    return Taken::saving;
  }
  saving_.push_back({std::move(map), request});
  return Taken::save;
}

std::optional<std::uint64_t> MapBook::on_saved(const MapVersion& version) {
  std::optional<std::uint64_t> request;
  while (!saving_.empty() && saving_.front().map.version <= version) {
    request = saving_.front().request;
    on_disk_ = std::move(saving_.front().map);
    saving_.pop_front();
  }
  act_if_possible();
  return request;
}

void MapBook::announce(const MapVersion& version) {
  announced_ = std::max(announced_, version);
  act_if_possible();
}

void MapBook::act_if_possible() {
  if (!on_disk_ || on_disk_->version != announced_ || in_force_version() == announced_) return;
  in_force_ = on_disk_;
  const schema::Worker* worker = cluster::find_worker(*in_force_, store_);
  self_ = worker == nullptr ? WorkerId{} : worker->id;
}

}  // namespace kipu::worker
