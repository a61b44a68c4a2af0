// Which map a broker goes on from when it starts: the maps are in the workers' stores, and a former
// broker may have left some of them with a map that never came in force.
//
// Maps of one generation come from one broker, one after the other, so the greatest of them that is
// held contains the others. Generations may compete: two brokers may have started from one map, and
// reached different workers. The rule takes the greatest map that may have come in force, and waits
// for more reports where a smaller one may have come in force after the greater was made:
//
//  - A generation that too few workers can have (its holders, those that hold greater ones, and
//    those that have not reported) never came in force, and is passed over. A first map needs all
//    of its workers.
//  - A majority of a map's workers must have reported.
//  - It is taken if a majority holds its generation; or if what its other workers hold is what it
//    was made from, or older, so that nothing is lost with it; or if all have reported.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "schema/messages.h"

namespace kipu::broker {

// What a worker has on its disk; none if it has no map.
struct Report {
  StoreId store;
  MapVersion holds;
};

struct Choice {
  // What to go on from. Null: nothing that is held came in force; a birth loses nothing.
  const schema::ClusterMap* base = nullptr;
  // Why it cannot be said yet; empty otherwise.
  std::string waiting_for;
};

// REQUIRES: `maps` has every map that is held according to `reports`, one report per store. The
// choice points into `maps`.
[[nodiscard]] Choice choose_base(const std::vector<Report>& reports,
                                 const std::map<MapVersion, schema::ClusterMap>& maps);

// More than half of `count`.
[[nodiscard]] constexpr std::size_t majority(std::size_t count) {
  return count / 2 + 1;
}

// Whether two maps were made by one start of one broker.
[[nodiscard]] constexpr bool same_generation(const MapVersion& a, const MapVersion& b) {
  return a.generation == b.generation && a.nonce == b.nonce;
}

// "generation.epoch", for people.
[[nodiscard]] std::string show(const MapVersion& version);

}  // namespace kipu::broker
