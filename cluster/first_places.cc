#include "cluster/first_places.h"

#include <algorithm>
#include <optional>

#include "cluster/shares.h"

namespace kipu::cluster {
namespace {

class FirstPlaces {
 public:
  FirstPlaces(const Places& places, const std::vector<std::uint32_t>& weights)
      : places_(places),
        least_(floor_shares(weights, static_cast<std::uint32_t>(places.size()))),
        most_(ceil_shares(weights, static_cast<std::uint32_t>(places.size()))),
        count_(weights.size()),
        first_(places.size()) {}

  // The first worker of each partition.
  std::vector<std::size_t> choose();

 private:
  // How a search came to a worker: `partition` would pass from worker `from` to it.
  struct Step {
    std::size_t from;
    std::size_t partition;
  };
  struct Path {
    std::size_t start;
    std::size_t end;
    std::vector<std::optional<Step>> steps;  // by worker
  };

  void give(std::size_t partition, std::size_t worker) {
    first_[partition] = worker;
    ++count_[worker];
  }
  bool give_by_preference(std::size_t partition);
  void give_by_path(std::size_t partition);
  bool raise_one_below_share();

  // The shortest chain of partitions that could each pass to another of their replicas, from one of
  // `starts` to a worker of which `is_end` holds.
  template <class IsEnd>
  std::optional<Path> find_path(const std::vector<std::size_t>& starts, IsEnd is_end) const;
  void shift_along(const Path& path);

  const Places& places_;
  const std::vector<std::uint32_t> least_;
  const std::vector<std::uint32_t> most_;
  std::vector<std::uint32_t> count_;               // of first places, by worker
  std::vector<std::optional<std::size_t>> first_;  // by partition
};

bool FirstPlaces::give_by_preference(std::size_t partition) {
  const auto& replicas = places_[partition];
  const auto at = std::find_if(replicas.begin(), replicas.end(),
                               [&](std::size_t worker) { return count_[worker] < most_[worker]; });
  if (at == replicas.end()) return false;
  give(partition, *at);
  return true;
}

template <class IsEnd>
std::optional<FirstPlaces::Path> FirstPlaces::find_path(const std::vector<std::size_t>& starts,
                                                        IsEnd is_end) const {
  std::vector<std::vector<std::size_t>> held(count_.size());
  for (std::size_t partition = 0; partition < first_.size(); ++partition) {
    if (first_[partition]) held[*first_[partition]].push_back(partition);
  }
  Path path{0, 0, std::vector<std::optional<Step>>(count_.size())};
  std::vector<bool> seen(count_.size());
  std::vector<std::size_t> queue = starts;
  for (const std::size_t start : starts) seen[start] = true;
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const std::size_t from = queue[at];
    for (const std::size_t partition : held[from]) {
      for (const std::size_t to : places_[partition]) {
        if (seen[to]) continue;
        seen[to] = true;
        path.steps[to] = Step{from, partition};
        queue.push_back(to);
        if (!is_end(to)) continue;
        path.end = to;
        path.start = to;
        while (path.steps[path.start]) path.start = path.steps[path.start]->from;
        return path;
      }
    }
  }
  return std::nullopt;
}

void FirstPlaces::shift_along(const Path& path) {
  for (std::size_t to = path.end; path.steps[to]; to = path.steps[to]->from) {
    first_[path.steps[to]->partition] = to;
  }
  --count_[path.start];
  ++count_[path.end];
}

void FirstPlaces::give_by_path(std::size_t partition) {
  const auto path = find_path(places_[partition],
                              [&](std::size_t worker) { return count_[worker] < most_[worker]; });
  if (path) shift_along(*path);
  // Without a path the zones do not allow the shares, and the ring decides.
  give(partition, path ? path->start : places_[partition].front());
}

bool FirstPlaces::raise_one_below_share() {
  std::vector<std::size_t> can_spare;
  for (std::size_t worker = 0; worker < count_.size(); ++worker) {
    if (count_[worker] > least_[worker]) can_spare.push_back(worker);
  }
  const auto path =
      find_path(can_spare, [&](std::size_t worker) { return count_[worker] < least_[worker]; });
  if (path) shift_along(*path);
  return path.has_value();
}

std::vector<std::size_t> FirstPlaces::choose() {
  std::vector<std::size_t> left_over;
  for (std::size_t partition = 0; partition < places_.size(); ++partition) {
    if (!give_by_preference(partition)) left_over.push_back(partition);
  }
  for (const std::size_t partition : left_over) give_by_path(partition);
  while (raise_one_below_share()) {
  }
  std::vector<std::size_t> chosen;
  chosen.reserve(first_.size());
  for (const auto& worker : first_) chosen.push_back(worker.value());
  return chosen;
}

}  // namespace

void balance_first_places(Places& places, const std::vector<std::uint32_t>& weights) {
  const std::vector<std::size_t> first = FirstPlaces(places, weights).choose();
  for (std::size_t partition = 0; partition < places.size(); ++partition) {
    auto& replicas = places[partition];
    const auto at = std::find(replicas.begin(), replicas.end(), first[partition]);
    std::rotate(replicas.begin(), at, at + 1);
  }
}

}  // namespace kipu::cluster
