#include "cluster/planner.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "cluster/first_places.h"
#include "cluster/ring.h"
#include "cluster/shares.h"

namespace kipu::cluster {
namespace {

Shareholders shareholders(const std::vector<schema::Worker>& workers) {
  std::map<std::string, std::size_t> zones;
  for (const schema::Worker& worker : workers) zones.try_emplace(worker.zone, zones.size());
  Shareholders holders;
  holders.zone_count = zones.size();
  for (const schema::Worker& worker : workers) {
    holders.weights.push_back(worker.weight);
    holders.zones.push_back(zones.at(worker.zone));
  }
  return holders;
}

// Step b of planner.h. `left` counts what is still to be placed.
class Walk {
 public:
  Walk(const std::vector<schema::Worker>& workers, const Shareholders& holders,
       std::uint32_t replicas, std::uint32_t partitions);

  Places place_all();

 private:
  // How many of its workers a zone must and may give to the partition at hand.
  struct ZoneNeed {
    std::uint32_t least = 0;
    std::uint32_t most = 0;
    std::uint32_t taken = 0;
  };

  void open_partition(std::uint32_t partition);
  void take(std::size_t worker);
  bool may_take(std::size_t worker) const;
  std::vector<std::size_t> close_partition(std::uint32_t partition);

  const std::vector<std::size_t>& zones_;  // of each worker
  const std::uint32_t replicas_;
  const std::uint32_t partitions_;
  Ring ring_;
  std::vector<std::uint32_t> left_;       // by worker
  std::vector<std::uint32_t> zone_left_;  // by zone

  // Of the partition at hand.
  std::vector<ZoneNeed> needs_;
  std::vector<bool> taken_;  // by worker
  std::vector<std::size_t> chosen_;
  std::uint32_t owed_ = 0;  // places that zones still must get
};

Walk::Walk(const std::vector<schema::Worker>& workers, const Shareholders& holders,
           std::uint32_t replicas, std::uint32_t partitions)
    : zones_(holders.zones),
      replicas_(replicas),
      partitions_(partitions),
      ring_(workers),
      left_(replica_quotas(holders, replicas, partitions)),
      zone_left_(holders.zone_count),
      needs_(holders.zone_count),
      taken_(workers.size()) {
  for (std::size_t worker = 0; worker < left_.size(); ++worker) {
    zone_left_[zones_[worker]] += left_[worker];
    if (left_[worker] == 0) ring_.remove(worker);
  }
}

void Walk::open_partition(std::uint32_t partition) {
  const std::uint32_t remaining = partitions_ - partition;
  const bool zones_suffice = needs_.size() >= replicas_;
  chosen_.clear();
  owed_ = 0;
  for (std::size_t zone = 0; zone < needs_.size(); ++zone) {
    const std::uint32_t left = zone_left_[zone];
    KIPU_CHECK(zones_suffice ? left <= remaining : left >= remaining);
    needs_[zone] = zones_suffice ? ZoneNeed{left == remaining ? 1U : 0U, 1}
                                 : ZoneNeed{1, left - remaining + 1};
    owed_ += needs_[zone].least;
  }
  for (std::size_t worker = 0; worker < left_.size(); ++worker) {
    if (left_[worker] == remaining) take(worker);
  }
}

void Walk::take(std::size_t worker) {
  const std::size_t zone = zones_[worker];
  ZoneNeed& need = needs_[zone];
  if (need.taken < need.least) --owed_;
  ++need.taken;
  taken_[worker] = true;
  chosen_.push_back(worker);
  --zone_left_[zone];
  if (--left_[worker] == 0) ring_.remove(worker);
}

bool Walk::may_take(std::size_t worker) const {
  const ZoneNeed& need = needs_[zones_[worker]];
  if (taken_[worker] || need.taken == need.most) return false;
  return need.taken < need.least || chosen_.size() + owed_ < replicas_;
}

std::vector<std::size_t> Walk::close_partition(std::uint32_t partition) {
  KIPU_CHECK_OP(chosen_.size(), ==, replicas_);
  KIPU_CHECK_OP(owed_, ==, 0);
  std::sort(chosen_.begin(), chosen_.end(), [&](std::size_t a, std::size_t b) {
    const std::uint64_t to_a = ring_.distance(partition, a);
    const std::uint64_t to_b = ring_.distance(partition, b);
    return to_a != to_b ? to_a < to_b : a < b;
  });
  for (const std::size_t worker : chosen_) taken_[worker] = false;
  return chosen_;
}

Places Walk::place_all() {
  Places places;
  for (std::uint32_t partition = 0; partition < partitions_; ++partition) {
    open_partition(partition);
    // take() changes the ring, so each walk ends where it finds a worker.
    while (chosen_.size() < replicas_) {
      std::size_t next = left_.size();
      ring_.walk(partition, [&](std::size_t worker) {
        if (!may_take(worker)) return true;
        next = worker;
        return false;
      });
      KIPU_CHECK_OP(next, <, left_.size());
      take(next);
    }
    places.push_back(close_partition(partition));
  }
  return places;
}

}  // namespace

std::vector<schema::Replicas> plan(const std::vector<schema::Worker>& workers, std::uint32_t n,
                                   std::uint32_t partitions) {
  KIPU_CHECK(!workers.empty() && n >= 1);
  KIPU_CHECK(std::has_single_bit(partitions) && partitions <= limits::kMaxPartitions);
  std::vector<schema::Worker> sorted = workers;
  std::sort(sorted.begin(), sorted.end(),
            [](const schema::Worker& a, const schema::Worker& b) { return a.store < b.store; });
  const Shareholders holders = shareholders(sorted);
  const auto replicas = static_cast<std::uint32_t>(std::min<std::size_t>(n, sorted.size()));
  Places places = Walk(sorted, holders, replicas, partitions).place_all();
  balance_first_places(places, holders.weights);
  std::vector<schema::Replicas> placement;
  for (const auto& indices : places) {
    schema::Replicas& made = placement.emplace_back();
    for (const std::size_t index : indices) made.push_back(sorted[index].id);
  }
  return placement;
}

}  // namespace kipu::cluster
