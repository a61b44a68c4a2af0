#include "worker/wholeness_book.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cluster/map.h"

namespace kipu::worker {
namespace {

using Kind = storage::Wholeness::Kind;

}  // namespace

WholenessBook::WholenessBook(storage::Wholeness saved)
    : kind_(saved.kind),
      missing_(saved.missing.begin(), saved.missing.end()),
      lost_runs_(std::move(saved.lost_runs)),
      accepts_loss_(saved.accepts_loss) {}

void WholenessBook::join(const schema::ClusterMap& map, WorkerId self) {
  if (kind_ == Kind::all_but || self.is_none()) return;
  // Of a cluster of one replica nobody else could have anything that a new store lacks.
  const bool born = kind_ == Kind::unborn && (map.previous.is_none() || map.replicas == 1);
  kind_ = Kind::all_but;
  changed_ = true;
  if (born) return;
  for (std::uint32_t number = 0; number < map.placement.size(); ++number) {
    if (cluster::is_replica(map, PartitionId{number}, self)) missing_.insert(PartitionId{number});
  }
}

void WholenessBook::lose(std::span<const PartitionId> partitions) {
  for (const PartitionId partition : partitions) {
    const bool is_new = missing_.insert(partition).second;
    const bool was_filled = filled_.erase(partition) > 0;
    saving_filled_.erase(partition);
    changed_ = changed_ || is_new || was_filled;
  }
}

bool WholenessBook::learn(std::uint64_t run) {
  if (std::find(lost_runs_.begin(), lost_runs_.end(), run) != lost_runs_.end()) return false;
  if (lost_runs_.size() >= storage::kMaxRuns) lost_runs_.erase(lost_runs_.begin());
  lost_runs_.push_back(run);
  changed_ = true;
  return true;
}

void WholenessBook::fill(PartitionId partition) {
  if (!missing_.contains(partition)) return;
  if (filled_.insert(partition).second) changed_ = true;
}

bool WholenessBook::is_whole(PartitionId partition) const {
  return kind_ == Kind::all_but && !missing_.contains(partition);
}

std::vector<PartitionId> WholenessBook::to_fill() const {
  std::vector<PartitionId> partitions;
  std::set_difference(missing_.begin(), missing_.end(), filled_.begin(), filled_.end(),
                      std::back_inserter(partitions));
  return partitions;
}

std::optional<SaveWholeness> WholenessBook::next_save() {
  if (!changed_ || saving_) return std::nullopt;
  changed_ = false;
  saving_ = true;
  saving_filled_ = filled_;
  storage::Wholeness whole{kind_, to_fill(), lost_runs_};
  // It holds for what was lost by then.
  whole.accepts_loss = accepts_loss_ && (kind_ != Kind::all_but || !whole.missing.empty());
  return SaveWholeness{++last_save_, std::move(whole)};
}

void WholenessBook::on_saved(std::uint64_t id) {
  if (!saving_ || id != last_save_) return;
  saving_ = false;
  for (const PartitionId partition : std::exchange(saving_filled_, {})) {
    missing_.erase(partition);
    filled_.erase(partition);
  }
  if (kind_ == Kind::all_but && missing_.empty()) accepts_loss_ = false;
}

}  // namespace kipu::worker
