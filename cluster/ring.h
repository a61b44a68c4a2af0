// A consistent-hash ring of virtual nodes (Karger et al., "Consistent Hashing and Random Trees",
// STOC 1997, section 4), as many per worker as its weight says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/messages.h"

namespace kipu::cluster {

// Points on a circle of 2^64, each owned by a worker, named here by its index.
//
// Points of a worker lie at XXH3-64 of its store id (high, low) and the point's number (u32), a
// partition at XXH3-64 of its number (u32), all little-endian. A worker has 64 points per unit of
// weight; fewer, but at least one, where the ring would pass 65,536 points.
class Ring {
 public:
  explicit Ring(const std::vector<schema::Worker>& workers);

  // Takes the points of `worker` off, so that walks do not meet it again. Idempotent.
  void remove(std::size_t worker);

  // Calls visit(worker) for each point that is left, clockwise from where `partition` lies, until
  // it returns false or the circle is complete. A worker is met once for each of its points.
  template <class Visit>
  void walk(std::uint32_t partition, Visit visit) {
    const std::size_t start = next_left(first_at(position_of(partition)));
    std::size_t at = start;
    while (at < points_.size() && visit(points_[at].worker)) at = next_left(at + 1);
    if (at < points_.size()) return;
    at = next_left(0);
    while (at < start && visit(points_[at].worker)) at = next_left(at + 1);
  }

  // How far clockwise from `partition` the nearest point of `worker` lies, removed or not.
  std::uint64_t distance(std::uint32_t partition, std::size_t worker) const;

 private:
  struct Point {
    std::uint64_t position;
    std::size_t worker;
  };

  static std::uint64_t position_of(std::uint32_t partition);
  std::size_t first_at(std::uint64_t position) const;
  std::size_t next_left(std::size_t from);

  std::vector<Point> points_;                          // by position
  std::vector<std::vector<std::uint64_t>> by_worker_;  // positions, ascending
  // Where to look for a point that is left: an index that points to itself is left; the others lead
  // to it, by shortened paths. One past the last point stands for "none".
  std::vector<std::size_t> next_;
  std::vector<bool> removed_;  // by worker
};

}  // namespace kipu::cluster
