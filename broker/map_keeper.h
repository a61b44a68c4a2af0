// The cluster map at the broker: how one comes in force, at birth, after a start, and by a change.
//
//  1. There is at most one proposal. It comes in force once the workers that it needs have stored
//     it: at birth all, else a majority of the workers of the map that it was made from.
//  2. The map in force stays so until a proposal does, except that it is given up where a greater
//     map may have come in force elsewhere.
//  3. A proposal is greater than every map of this cluster that this broker has heard of.
//
// Thread rule: one thread. It sends nothing: the machine does, by what advance() returns.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/status.h"
#include "broker/members.h"
#include "broker/recovery.h"
#include "schema/messages.h"

namespace kipu::broker {

// A map and its encoding, which is made once and shared by all who get it: the largest takes two
// megabytes, and a thousand peers may ask at a time.
struct EncodedMap {
  schema::ClusterMap map;
  std::shared_ptr<const Buffer> bytes;

  // The encoding as the body of one more message.
  Buffer body() const {
    return Buffer::adopt(bytes, [](const auto& shared) { return shared->view(); });
  }
};

class MapKeeper {
 public:
  struct Plan {
    ClusterId cluster;
    std::uint32_t workers = 0;
    std::uint32_t replicas = 0;
    std::uint32_t partitions = 0;
  };

  MapKeeper(Plan plan, Rng rng) : plan_(plan), rng_(rng) {}

  // Null if there is none.
  const EncodedMap* in_force() const { return in_force_ ? &*in_force_ : nullptr; }
  const EncodedMap* proposed() const { return proposal_ ? &proposal_->next : nullptr; }
  MapVersion in_force_version() const { return in_force_ ? in_force_->map.version : MapVersion{}; }
  // The newest map of this broker: proposed, else in force, else none.
  MapVersion newest() const { return proposal_ ? proposal_->next.map.version : in_force_version(); }

  // What there is to wait for before a map is in force.
  struct Waiting {
    ClusterPhase phase = ClusterPhase::in_force;
    // Whose workers are awaited: of recovery and storing. Good until the next event.
    const schema::ClusterMap* map = nullptr;
    std::string text = {};  // what follows "it waits for"; empty of in_force
  };
  Waiting waiting(const Members& members) const;

  // What to send a worker that has `holds`: null if nothing.
  const EncodedMap* next_for(const MapVersion& holds) const;

  enum class Met : std::uint8_t {
    fine,      // it is one of ours, or older
    recovers,  // not in force yet: the choice of what to go on from is made anew
    outbids,   // greater than ours, of which a majority holds one: that is proposed above it
    gives_up,  // greater than the map in force, and it may have come in force: so ours no longer is
  };
  // The worker of `store`, registered in `members`, has this map on its disk.
  Met meet(const schema::ClusterMap& map, const StoreId& store, const Members& members);

  // A worker has this version on its disk.
  void on_stored(const StoreId& store, const MapVersion& version);
  // A map of this version exists somewhere.
  void note(const MapVersion& version);

  // Proposes `next`, which changes the map in force; its version is set here.
  // REQUIRES: in_force() and not proposed().
  void propose_change(schema::ClusterMap next);

  enum class Step : std::uint8_t { none, proposed, in_force };
  // Takes the next step that is possible; call it again until it returns none.
  Step advance(const Members& members);

 private:
  struct Proposal {
    EncodedMap next;
    bool birth = false;
    std::set<StoreId> asked;  // whose storing counts
    std::size_t needed = 0;
    std::set<StoreId> stored;
  };

  MapVersion next_generation(std::uint64_t epoch);
  void propose(schema::ClusterMap next, const schema::ClusterMap* base);
  std::vector<Report> reports(const Members& members) const;
  Step recover(const Members& members);
  Step give_birth(const Members& members);
  bool birth_has_failed(const Members& members) const;
  bool majority_follows(const Members& members) const;
  void forget_unheld(const Members& members);

  const Plan plan_;
  Rng rng_;
  std::uint64_t greatest_generation_ = 0;
  std::optional<EncodedMap> in_force_;
  std::optional<Proposal> proposal_;
  // Until a map is in force: what workers hold, and births of ours that failed, which nobody was
  // told of and which count as no map.
  std::map<MapVersion, schema::ClusterMap> met_;
  std::set<MapVersion> failed_births_;
};

}  // namespace kipu::broker
