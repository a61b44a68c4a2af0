#include "broker/recovery.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace kipu::broker {
namespace {

// The workers that `map` names, by what they hold.
struct Tally {
  std::size_t named = 0;
  std::size_t holding = 0;  // a map of this generation
  std::size_t above = 0;    // of a greater one
  std::size_t below = 0;    // of a smaller one, or none
  std::size_t missing = 0;  // not reported
  bool contains_below = true;

  std::size_t reported() const { return named - missing; }
};

// Whether `map`, or what it was made from, came in force after `other` could have, or contains it.
bool contains(const schema::ClusterMap& map, const MapVersion& other) {
  if (same_generation(map.previous, map.version)) return true;
  return other <= map.previous;
}

Tally count(const schema::ClusterMap& map, const std::map<StoreId, MapVersion>& holds) {
  Tally tally;
  tally.named = map.workers.size();
  for (const schema::Worker& worker : map.workers) {
    const auto report = holds.find(worker.store);
    if (report == holds.end()) {
      ++tally.missing;
    } else if (same_generation(report->second, map.version)) {
      ++tally.holding;
    } else if (report->second > map.version) {
      ++tally.above;
    } else {
      ++tally.below;
      tally.contains_below = tally.contains_below && contains(map, report->second);
    }
  }
  return tally;
}

bool never_came_in_force(const schema::ClusterMap& map, const Tally& tally) {
  const bool birth = map.version.epoch == 1;
  const std::size_t needed = birth ? tally.named : majority(tally.named);
  return tally.holding + tally.above + tally.missing < needed;
}

bool is_decided(const Tally& tally) {
  if (tally.missing == 0 || tally.holding >= majority(tally.named)) return true;
  return tally.above == 0 && tally.contains_below;
}

// Of each generation that is held the greatest map, greatest first.
std::vector<const schema::ClusterMap*> newest_of_generations(
    const std::vector<Report>& reports, const std::map<MapVersion, schema::ClusterMap>& maps) {
  std::vector<MapVersion> held;
  for (const Report& report : reports) {
    if (!report.holds.is_none()) held.push_back(report.holds);
  }
  std::sort(held.begin(), held.end(), std::greater<>());
  held.erase(std::unique(held.begin(), held.end(), same_generation), held.end());
  std::vector<const schema::ClusterMap*> found;
  for (const MapVersion& version : held) found.push_back(&maps.at(version));
  return found;
}

}  // namespace

Choice choose_base(const std::vector<Report>& reports,
                   const std::map<MapVersion, schema::ClusterMap>& maps) {
  std::map<StoreId, MapVersion> holds;
  for (const Report& report : reports) holds[report.store] = report.holds;
  for (const schema::ClusterMap* map : newest_of_generations(reports, maps)) {
    const Tally tally = count(*map, holds);
    if (never_came_in_force(*map, tally)) continue;
    if (tally.reported() < majority(tally.named)) {
      return {nullptr,
              fmt::format("a majority of the {} workers of map {}: {} reported", tally.named,
                          show(map->version),
                          tally.reported() == 1 ? std::string("1 has")
                                                : fmt::format("{} have", tally.reported()))};
    }
    if (is_decided(tally)) return {map, {}};
    return {nullptr, fmt::format("{} more of the {} workers of map {}: those that have reported "
                                 "do not agree on which map came in force",
                                 tally.missing, tally.named, show(map->version))};
  }
  return {};
}

std::string show(const MapVersion& version) {
  return fmt::format("{}.{}", version.generation, version.epoch);
}

}  // namespace kipu::broker
