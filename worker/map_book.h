// The cluster maps that a worker holds: those on their way to its disk, the newest on it, and the
// one that it acts on.
//
//  1. It acts only on a map that is on its disk and that the broker said is in force.
//  2. What is on its disk only ever becomes newer.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/ids.h"
#include "base/status.h"
#include "schema/messages.h"

namespace kipu::worker {

class MapBook {
 public:
  // `saved`: what the store held when it was opened.
  MapBook(StoreId store, std::optional<schema::ClusterMap> saved);

  enum class Taken : std::uint8_t {
    save,     // new: the caller saves it, then calls on_saved()
    saving,   // that one or a newer one is on its way: on_saved() will answer
    on_disk,  // that one or a newer one: answer at once with the version of on_disk()
  };
  // A map that the broker asks to keep, under the id of that request.
  Taken take(schema::ClusterMap map, std::uint64_t request);

  // The map of that version is on disk. Returns the request to answer, if it was asked for.
  std::optional<std::uint64_t> on_saved(const MapVersion& version);

  // The broker says that this version is in force.
  void announce(const MapVersion& version);

  // Null until there is one. It stays valid until the next call of a member that is not const.
  const schema::ClusterMap* in_force() const { return in_force_ ? &*in_force_ : nullptr; }
  MapVersion in_force_version() const { return in_force_ ? in_force_->version : MapVersion{}; }
  // Whether the broker named a newer map in force than the one acted on.
  bool behind() const { return announced_ > in_force_version(); }
  const MapVersion& announced() const { return announced_; }
  // This worker's number in the map that it acts on; none if that does not name its store.
  WorkerId self() const { return self_; }
  const std::optional<schema::ClusterMap>& on_disk() const { return on_disk_; }
  bool saving() const { return !saving_.empty(); }

 private:
  struct Saving {
    schema::ClusterMap map;
    std::uint64_t request;
  };
  void act_if_possible();

  const StoreId store_;
  std::deque<Saving> saving_;  // ascending by version
  std::optional<schema::ClusterMap> on_disk_;
  MapVersion announced_;  // the newest that the broker called in force
  std::optional<schema::ClusterMap> in_force_;
  WorkerId self_;
};

}  // namespace kipu::worker
