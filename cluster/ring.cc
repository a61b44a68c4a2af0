#include "cluster/ring.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::cluster {
namespace {

constexpr std::uint64_t kPointsPerWeight = 64;
constexpr std::uint64_t kMostPoints = 65'536;

std::uint64_t points_per_weight(const std::vector<schema::Worker>& workers) {
  std::uint64_t weights = 0;
  for (const schema::Worker& worker : workers) weights += worker.weight;
  KIPU_CHECK(weights > 0);
  return std::max<std::uint64_t>(1, std::min(kPointsPerWeight, kMostPoints / weights));
}

std::uint64_t point_position(const StoreId& store, std::uint32_t number) {
  std::string bytes;
  append_le(bytes, store.id.high);
  append_le(bytes, store.id.low);
  append_le(bytes, number);
  return hash64(bytes);
}

}  // namespace

Ring::Ring(const std::vector<schema::Worker>& workers)
    : by_worker_(workers.size()), removed_(workers.size()) {
  const std::uint64_t per_weight = points_per_weight(workers);
  for (std::size_t worker = 0; worker < workers.size(); ++worker) {
    const auto count = static_cast<std::uint32_t>(per_weight * workers[worker].weight);
    for (std::uint32_t number = 0; number < count; ++number) {
      const std::uint64_t position = point_position(workers[worker].store, number);
      points_.push_back({position, worker});
      by_worker_[worker].push_back(position);
    }
    std::sort(by_worker_[worker].begin(), by_worker_[worker].end());
  }
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
    return a.position != b.position ? a.position < b.position : a.worker < b.worker;
  });
  next_.resize(points_.size() + 1);
  std::iota(next_.begin(), next_.end(), std::size_t{0});
}

void Ring::remove(std::size_t worker) {
  if (removed_[worker]) return;
  removed_[worker] = true;
  for (std::size_t at = 0; at < points_.size(); ++at) {
    if (points_[at].worker == worker) next_[at] = at + 1;
  }
}

std::uint64_t Ring::distance(std::uint32_t partition, std::size_t worker) const {
  const std::vector<std::uint64_t>& positions = by_worker_[worker];
  const std::uint64_t from = position_of(partition);
  const auto at = std::lower_bound(positions.begin(), positions.end(), from);
  return (at != positions.end() ? *at : positions.front()) - from;  // modulo 2^64
}

std::uint64_t Ring::position_of(std::uint32_t partition) {
  std::string bytes;
  append_le(bytes, partition);
  return hash64(bytes);
}

std::size_t Ring::first_at(std::uint64_t position) const {
  const auto at = std::lower_bound(
      points_.begin(), points_.end(), position,
      [](const Point& point, std::uint64_t wanted) { return point.position < wanted; });
  return static_cast<std::size_t>(at - points_.begin());
}

std::size_t Ring::next_left(std::size_t from) {
  std::size_t left = from;
  while (next_[left] != left) left = next_[left];
  while (next_[from] != left) {
    const std::size_t then = next_[from];
    next_[from] = left;
    from = then;
  }
  return left;
}

}  // namespace kipu::cluster
