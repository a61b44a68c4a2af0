// The workers that have said hello: over which connection, when they were last heard, and which map
// they have. A worker is named by its store, since its number comes with the first map.
//
//  1. A store is registered under one connection, and a connection under one store: of several
//     hellos the newest wins.
//  2. A suspect worker stays registered, and is alive again as soon as it is heard.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::broker {

// So many at most: strangers may say hello too, until a map says who belongs.
inline constexpr std::size_t kMaxMembers = std::size_t{2} * limits::kMaxWorkers;

struct Member {
  StoreId store;
  PeerId peer;
  schema::Endpoints endpoints;
  std::uint32_t weight = 1;
  std::string zone;
  std::uint64_t order = 0;  // of its hello among all hellos
  Instant heard;
  bool suspect = false;
  MapVersion holds;    // the newest map on its disk, as far as it has said
  MapVersion acts_on;  // as of its last heartbeat
  WorkerHealth health;
};

class Members {
 public:
  // Registers `hello`'s store under `peer`, instead of whatever either had before.
  Member& register_hello(Instant now, const PeerId& peer, const schema::WorkerHello& hello);

  // Null if there is none. Pointers are good until the member is forgotten or says hello again.
  Member* find(const PeerId& peer);
  Member* find(const StoreId& store);
  const Member* find(const StoreId& store) const;

  void forget(const StoreId& store);

  // Marks as suspect who was last heard before `since`, and returns those who were not before.
  std::vector<StoreId> suspect_silent_since(Instant since);

  const std::map<StoreId, Member>& all() const { return by_store_; }
  std::size_t count_alive() const;

 private:
  std::map<StoreId, Member> by_store_;
  std::map<PeerId, StoreId> by_peer_;
  std::uint64_t hellos_ = 0;
};

}  // namespace kipu::broker
