#include "broker/members.h"

#include <algorithm>

namespace kipu::broker {

Member& Members::register_hello(Instant now, const PeerId& peer, const schema::WorkerHello& hello) {
  if (const Member* former = find(peer)) forget(StoreId(former->store));
  forget(hello.store);
  Member& member = by_store_[hello.store];
  member.store = hello.store;
  member.peer = peer;
  member.endpoints = hello.endpoints;
  member.weight = hello.weight;
  member.zone = hello.zone;
  member.order = ++hellos_;
  member.heard = now;
  member.holds = hello.map ? hello.map->version : MapVersion{};
  by_peer_[peer] = hello.store;
  return member;
}

Member* Members::find(const PeerId& peer) {
  const auto at = by_peer_.find(peer);
  return at == by_peer_.end() ? nullptr : find(at->second);
}

Member* Members::find(const StoreId& store) {
  const auto at = by_store_.find(store);
  return at == by_store_.end() ? nullptr : &at->second;
}

const Member* Members::find(const StoreId& store) const {
  const auto at = by_store_.find(store);
  return at == by_store_.end() ? nullptr : &at->second;
}

void Members::forget(const StoreId& store) {
  const auto at = by_store_.find(store);
  if (at == by_store_.end()) return;
  by_peer_.erase(at->second.peer);
  by_store_.erase(at);
}

std::vector<StoreId> Members::suspect_silent_since(Instant since) {
  std::vector<StoreId> found;
  for (auto& [store, member] : by_store_) {
    if (member.suspect || member.heard >= since) continue;
    member.suspect = true;
    found.push_back(store);
  }
  return found;
}

std::size_t Members::count_alive() const {
  return static_cast<std::size_t>(std::count_if(
      by_store_.begin(), by_store_.end(), [](const auto& entry) { return !entry.second.suspect; }));
}

}  // namespace kipu::broker
