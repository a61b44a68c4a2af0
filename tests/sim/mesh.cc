#include "tests/sim/mesh.h"

#include <algorithm>

namespace kipu::sim {

using schema::Message;
using std::chrono::milliseconds;

namespace {
// How long a socket waits before it looks again for a peer that is down, and how often.
constexpr Duration kRetry = milliseconds(100);
constexpr int kTries = 30;
}  // namespace

void Mesh::add(Peer& worker, const schema::Endpoints& endpoints) {
  workers_.emplace_back(&worker, endpoints);
}

Mesh::Pair& Mesh::pair(const Peer& from, const Peer& to) {
  return pairs_[{from.number(), to.number()}];
}

Peer* Mesh::find(const Peer& from, StoreId to) {
  const auto& known = connected_[from.number()];
  const auto found = known.find(to);
  return found == known.end() ? nullptr : found->second;
}

void Mesh::start(Peer& worker) {
  connected_[worker.number()].clear();
  for (const auto& [other, endpoints] : workers_) {
    if (other == &worker) continue;
    pair(*other, worker).subscribed = false;
    ++pair(*other, worker).subscription;
    reconnect(worker, *other);
    reconnect(*other, worker);
  }
}

void Mesh::reconnect(Peer& from, Peer& to) {
  Pair& sockets = pair(from, to);
  ++sockets.connection;
  if (sockets.subscribed) join(from, to);
}

void Mesh::connect(Peer& worker, const worker::Peers& peers) {
  auto& known = connected_[worker.number()];
  std::map<StoreId, Peer*> wanted;
  for (const auto& [store, endpoints] : peers.addresses) {
    const auto found = std::find_if(workers_.begin(), workers_.end(),
                                    [&](const Name& name) { return name.second == endpoints; });
    if (found == workers_.end()) {
      world_.verdict.fail("worker", worker.name() + " connects to an address that nobody has");
      return;
    }
    wanted[store] = found->first;
  }
  for (const auto& [store, peer] : known) {
    if (!wanted.contains(store)) pair(*peer, worker).subscribed = false;
  }
  for (const auto& [store, peer] : wanted) {
    if (known.contains(store) && known[store] == peer) continue;
    pair(*peer, worker).subscribed = true;
    join(*peer, worker);
  }
  known = std::move(wanted);
}

void Mesh::resubscribe(Peer& worker, StoreId publisher) {
  Peer* peer = find(worker, publisher);
  if (peer == nullptr) return;
  world_.note(worker.name(), "subscribes anew");
  world_.marks.hit(Mark::resubscribed);
  pair(*peer, worker).subscribed = true;
  join(*peer, worker);
}

// The subscription is on its way to the publisher, and may get lost there.
void Mesh::join(Peer& publisher, Peer& subscriber) {
  Pair& stream = pair(publisher, subscriber);
  ++stream.subscription;
  stream.waiting = 0;
  stream.lost = paths_.chance(subscriber, publisher, options_.lost_subscriptions) ||
                paths_.is_cut(subscriber, publisher);
  const Duration slow = world_.rng.between(Duration::zero(), options_.slowest_join);
  stream.joins_at = world_.now() + paths_.delay(subscriber, publisher) + slow;
}

void Mesh::to_peer(Peer& from, StoreId to, Message message) {
  Peer* peer = find(from, to);
  if (peer == nullptr) return;
  note_message(world_, from.name(), "tells", message);
  paths_.carry(
      from, *peer, std::move(message),
      [this, &from, peer, connection = pair(from, *peer).connection, life = from.life()](
          Message held) { arrive(from, *peer, connection, life, kTries, std::move(held)); });
}

void Mesh::arrive(Peer& from, Peer& to, std::uint64_t connection, std::uint64_t life, int tries,
                  Message message) {
  const bool same = connection == pair(from, to).connection;
  if (to.up() && same) {
    return to.post(Duration::zero(), [this, &to, inner = std::move(message)]() mutable {
      note_message(world_, to.name(), "hears", inner);
      to.receive_from_peer(std::move(inner));
    });
  }
  // A socket that reconnects sends what it has kept, if its process lives; some was written to the
  // connection that there was.
  if (from.life() != life || !from.up() || tries == 0 || world_.rng.one_in(2)) return;
  world_.scheduler.after(
      kRetry, [this, &from, &to, life, tries, inner = std::move(message)]() mutable {
        arrive(from, to, pair(from, to).connection, life, tries - 1, std::move(inner));
      });
}

void Mesh::publish(Peer& from, StoreId to, Message message) {
  const auto found = std::find_if(workers_.begin(), workers_.end(),
                                  [&](const Name& name) { return name.first->store() == to; });
  if (found == workers_.end() || found->first == &from) return;
  Peer& subscriber = *found->first;
  const Pair& stream = pair(from, subscriber);
  note_message(world_, from.name(), "publishes", message);
  if (!stream.subscribed || stream.lost || world_.now() < stream.joins_at) return;
  if (paths_.chance(from, subscriber, options_.dropped)) return;
  paths_.carry(from, subscriber, std::move(message),
               [this, &from, &subscriber, subscription = stream.subscription](Message held) {
                 hand_over(from, subscriber, subscription, std::move(held));
               });
}

void Mesh::hand_over(Peer& from, Peer& to, std::uint64_t subscription, Message message) {
  Pair& stream = pair(from, to);
  if (!to.up() || stream.subscription != subscription) return;
  if (stream.waiting >= options_.high_water) {
    world_.marks.hit(Mark::stream_dropped);
    return;
  }
  ++stream.waiting;
  to.post(Duration::zero(), [this, &from, &to, subscription, inner = std::move(message)]() mutable {
    Pair& mine = pair(from, to);
    if (mine.subscription == subscription && mine.waiting > 0) --mine.waiting;
    note_message(world_, to.name(), "overhears", inner);
    to.receive_from_stream(std::move(inner));
  });
}

}  // namespace kipu::sim
