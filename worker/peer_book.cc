#include "worker/peer_book.h"

#include <algorithm>
#include <utility>

#include "cluster/map.h"

namespace kipu::worker {

void PeerBook::take(Instant now, const schema::ClusterMap& map) {
  std::map<StoreId, Peer> peers;
  std::map<WorkerId, StoreId> stores;
  connections_.addresses.clear();
  for (const schema::Worker& worker : map.workers) {
    if (worker.store == self_) continue;
    const Peer* known = find(worker.store);
    peers[worker.store] = known == nullptr ? Peer{worker.id, {}, Instant(), now}
                                           : Peer{worker.id, {}, known->heard, known->heard_stream};
    stores[worker.id] = worker.store;
    if (map.replicas > 1) connections_.addresses[worker.store] = worker.endpoints;
  }
  peers_ = std::move(peers);
  others_.assign(map.placement.size(), {});
  const schema::Worker* self = cluster::find_worker(map, self_);
  if (self == nullptr) return;
  for (std::uint32_t number = 0; number < map.placement.size(); ++number) {
    const schema::Replicas& replicas = map.placement[number];
    if (std::find(replicas.begin(), replicas.end(), self->id) == replicas.end()) continue;
    for (const WorkerId replica : replicas) {
      if (replica == self->id) continue;
      const StoreId other = stores.at(replica);
      others_[number].push_back(other);
      peers_[other].shared.push_back({number});
    }
    std::sort(others_[number].begin(), others_[number].end());
  }
}

void PeerBook::heard(StoreId from, Instant now) {
  if (const auto peer = peers_.find(from); peer != peers_.end()) peer->second.heard = now;
}

void PeerBook::heard_stream(StoreId from, Instant now) {
  const auto peer = peers_.find(from);
  if (peer != peers_.end()) peer->second.heard = peer->second.heard_stream = now;
}

bool PeerBook::alive(StoreId peer, Instant now) const {
  const Peer* known = find(peer);
  if (known == nullptr || known->heard == Instant()) return false;
  return now - known->heard <= silence_;
}

std::vector<StoreId> PeerBook::take_silent_streams(Instant now) {
  std::vector<StoreId> silent;
  for (auto& [store, peer] : peers_) {
    if (peer.shared.empty() || !alive(store, now)) continue;
    if (now - peer.heard_stream <= stream_silence_) continue;
    peer.heard_stream = now;
    silent.push_back(store);
  }
  return silent;
}

const PeerBook::Peer* PeerBook::find(StoreId peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : &found->second;
}

const std::vector<StoreId>& PeerBook::others(PartitionId partition) const {
  static const std::vector<StoreId> none;
  return partition.number < others_.size() ? others_[partition.number] : none;
}

}  // namespace kipu::worker
