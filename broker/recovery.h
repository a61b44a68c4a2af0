// Which map a broker goes on from when it starts: the maps are in the workers' stores, and a former
// broker may have left some of them with a map that never came in force.
//
// Maps of one generation come from one broker, one after the other, so the greatest of them that is
// held contains the others. Generations may compete: two brokers may have started from one map, and
// reached different workers. So from the greatest generation down:
//
//  - A first map needs all of its workers; where one of them has another map, or none while others
//    have not reported, it is taken as one that never came in force, and is passed over. Where all
//    have reported and some have none, it is born once more, of the same workers: their stores may
//    be new ones in the places of lost ones, and if not, it never came in force.
//  - A generation that is not known to contain a smaller one is beaten by it if enough workers for
//    coming in force have that or what was made from it; and contested by it if more might: those
//    that hold a greater one that may contain it, and those that have not reported.
//  - What is beaten is passed over. What is not is taken if a majority of its workers have
//    reported, and it is not contested, or a majority holds it, or all have reported. Of a later
//    than a first map, who has no map at all does not count for that majority: its disk was lost,
//    and with it perhaps a greater map.
//  - Otherwise more reports are awaited.
//
// It errs on the side of waiting: a map names the one that it was made from and no earlier one, so
// a worker that missed two starts of brokers contests until a majority or all have reported.
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
  // Why it cannot be said yet, and the map whose workers are awaited; empty and null otherwise.
  std::string waiting_for = {};
  const schema::ClusterMap* awaited = nullptr;
  // It is a first map that some of its workers do not have. Made from it, they would be
  // late-comers.
  bool again = false;
};

// REQUIRES: `maps` has every map that is held according to `reports`, one report per store. The
// choice points into `maps`.
[[nodiscard]] Choice choose_base(const std::vector<Report>& reports,
                                 const std::map<MapVersion, schema::ClusterMap>& maps);

// More than half of `count`.
[[nodiscard]] constexpr std::size_t majority(std::size_t count) {
  return count / 2 + 1;
}

// Whether all that came in force before or as `other` is known to be in `map`.
[[nodiscard]] bool contains(const schema::ClusterMap& map, const MapVersion& other);

// Whether two maps were made by one start of one broker.
[[nodiscard]] constexpr bool same_generation(const MapVersion& a, const MapVersion& b) {
  return a.generation == b.generation && a.nonce == b.nonce;
}

// "generation.epoch", for people.
[[nodiscard]] std::string show(const MapVersion& version);

}  // namespace kipu::broker
