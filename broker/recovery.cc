#include "broker/recovery.h"

#include <algorithm>

#include <fmt/format.h>

namespace kipu::broker {
namespace {

using Maps = std::map<MapVersion, schema::ClusterMap>;
using Holds = std::map<StoreId, const schema::ClusterMap*>;  // null: reported, and has no map

// Whether two first maps are of the same workers, and so place everything alike: the one is the
// other, born once more.
bool same_birth(const schema::ClusterMap& a, const schema::ClusterMap& b) {
  const auto same = [](const schema::Worker& one, const schema::Worker& other) {
    return one.id == other.id && one.store == other.store;
  };
  return a.version.epoch == 1 && b.version.epoch == 1 &&
         std::equal(a.workers.begin(), a.workers.end(), b.workers.begin(), b.workers.end(), same);
}

// The workers that a map names, by what they hold.
struct Tally {
  std::size_t named = 0;
  std::size_t holding = 0;    // a map of its generation
  std::size_t made_from = 0;  // a greater one that was made from one of its generation
  std::size_t maybe = 0;      // a greater one that may have been, some maps ago
  std::size_t empty = 0;      // no map at all
  std::size_t missing = 0;    // not reported

  std::size_t reported() const { return named - missing; }
  // Whoever has no map has lost its disk since a first map was in force, and says no more of later
  // ones than who has not reported.
  std::size_t telling() const { return reported() - empty; }
  // How many have had it for certain, and how many may have.
  std::size_t certain() const { return holding + made_from; }
  std::size_t possible() const { return certain() + maybe + missing; }
};

Tally count(const schema::ClusterMap& map, const Holds& holds) {
  Tally tally;
  tally.named = map.workers.size();
  for (const schema::Worker& worker : map.workers) {
    const auto report = holds.find(worker.store);
    if (report == holds.end()) {
      ++tally.missing;
    } else if (report->second == nullptr) {
      ++tally.empty;
    } else if (same_generation(report->second->version, map.version) ||
               same_birth(*report->second, map)) {
      ++tally.holding;
    } else if (same_generation(report->second->previous, map.version)) {
      ++tally.made_from;
    } else if (report->second->previous > map.version) {
      ++tally.maybe;  // ancestors are never greater than the one that a map names
    }
  }
  return tally;
}

// How many of a map's workers have to store it, or one of its generation, before it is in force.
std::size_t needed(const schema::ClusterMap& map, const Tally& tally) {
  return map.version.epoch == 1 ? tally.named : majority(tally.named);
}

enum class Rivalry { none, contests, beats };

// What `smaller` is to `map`, a map of a greater generation.
Rivalry rivalry(const schema::ClusterMap& map, const schema::ClusterMap& smaller,
                const Holds& holds) {
  if (contains(map, smaller.version) || same_birth(map, smaller)) return Rivalry::none;
  const Tally tally = count(smaller, holds);
  if (tally.certain() >= needed(smaller, tally)) return Rivalry::beats;
  return tally.possible() >= needed(smaller, tally) ? Rivalry::contests : Rivalry::none;
}

// Of each generation that is held the greatest map, greatest first.
std::vector<const schema::ClusterMap*> newest_of_generations(const Holds& holds) {
  std::vector<const schema::ClusterMap*> found;
  for (const auto& [store, map] : holds) {
    if (map != nullptr) found.push_back(map);
  }
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return a->version > b->version; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const auto* a, const auto* b) {
                            return same_generation(a->version, b->version);
                          }),
              found.end());
  return found;
}

// So many are named; a sentence that names hundreds is not read.
constexpr std::size_t kMostNamed = 12;

// "w1, w4 have come"; nothing of nobody.
void add_clause(std::string& text, const std::vector<WorkerId>& workers, std::string_view what) {
  if (workers.empty()) return;
  if (!text.empty()) text += ", ";
  const std::size_t named = std::min(workers.size(), kMostNamed);
  for (std::size_t at = 0; at < named; ++at) {
    text += (at == 0 ? "" : ", ") + workers[at].to_string();
  }
  if (named < workers.size()) text += fmt::format(" and {} more", workers.size() - named);
  text += fmt::format(" {} {}", workers.size() == 1 ? "has" : "have", what);
}

// Of the workers that a map names, who has come.
std::string presence_text(const schema::ClusterMap& map, const Holds& holds) {
  std::vector<WorkerId> come;
  std::vector<WorkerId> empty;
  std::vector<WorkerId> absent;
  for (const schema::Worker& worker : map.workers) {
    const auto report = holds.find(worker.store);
    auto& group = report == holds.end() ? absent : report->second == nullptr ? empty : come;
    group.push_back(worker.id);
  }
  std::string text;
  add_clause(text, come, "come");
  add_clause(text, empty, "come without a map");
  add_clause(text, absent, "not");
  return text;
}

std::string reported_text(const schema::ClusterMap& map, const Holds& holds) {
  return fmt::format("a majority of the {} workers of map {}: {}", map.workers.size(),
                     show(map.version), presence_text(map, holds));
}

std::string contested_text(const schema::ClusterMap& map, const Tally& tally, const Holds& holds) {
  return fmt::format(
      "{} more of the {} workers of map {}: those that have reported do not agree on which map "
      "came in force, and {}",
      tally.missing, tally.named, show(map.version), presence_text(map, holds));
}

}  // namespace

bool contains(const schema::ClusterMap& map, const MapVersion& other) {
  if (other > map.version) return false;
  // Made from one of its own generation, which was in force then, as nothing smaller was later.
  if (same_generation(map.previous, map.version) || same_generation(other, map.version)) {
    return true;
  }
  return same_generation(other, map.previous) && other <= map.previous;
}

Choice choose_base(const std::vector<Report>& reports, const Maps& maps) {
  Holds holds;
  for (const Report& report : reports) {
    holds[report.store] = report.holds.is_none() ? nullptr : &maps.at(report.holds);
  }
  const auto generations = newest_of_generations(holds);
  for (auto at = generations.begin(); at != generations.end(); ++at) {
    const schema::ClusterMap& map = **at;
    const Tally tally = count(map, holds);
    const bool is_first = map.version.epoch == 1;
    const bool may_be_lost = tally.missing == 0 && tally.possible() + tally.empty == tally.named;
    if (is_first && tally.possible() < tally.named && !may_be_lost) continue;
    Rivalry rival = Rivalry::none;
    for (auto smaller = at + 1; smaller != generations.end(); ++smaller) {
      rival = std::max(rival, rivalry(map, **smaller, holds));
    }
    if (rival == Rivalry::beats) continue;
    const std::size_t enough = majority(tally.named);
    const std::size_t telling = is_first ? tally.reported() : tally.telling();
    if (tally.missing > 0 && telling < enough) return {nullptr, reported_text(map, holds), &map};
    if (rival == Rivalry::none || tally.holding >= enough || tally.missing == 0) {
      return {&map, {}, nullptr, is_first && tally.empty > 0};
    }
    return {nullptr, contested_text(map, tally, holds), &map};
  }
  return {};
}

std::string show(const MapVersion& version) {
  return fmt::format("{}.{}", version.generation, version.epoch);
}

}  // namespace kipu::broker
