// The sockets between workers: from each to each other one that carries what they say to one
// another, and one that carries the stream that it publishes.
//
//  - A message for a peer that is down waits for it, or is lost, as sockets do that reconnect.
//  - A stream drops what its subscriber does not keep up with (high-water mark), all that comes
//    before a subscription is in (slow joiner), and sometimes all from a reconnection on, because
//    the subscription was lost: until it is made anew.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "schema/messages.h"
#include "tests/sim/network.h"
#include "worker/machine.h"

namespace kipu::sim {

class Mesh {
 public:
  Mesh(World& world, Paths& paths)
      : world_(world), paths_(paths), options_(world.options.streams) {}

  void add(Peer& worker, const schema::Endpoints& endpoints);

  // The process starts: it is connected to nobody, and whoever is connected to it has to reconnect.
  void start(Peer& worker);
  void connect(Peer& worker, const worker::Peers& peers);
  void resubscribe(Peer& worker, StoreId publisher);
  // Both sockets from one to the other are made anew.
  void reconnect(Peer& from, Peer& to);

  void to_peer(Peer& from, StoreId to, schema::Message message);
  void publish(Peer& from, StoreId to, schema::Message message);

  // Streams drop no more than sockets must, and subscriptions are no longer lost.
  void heal() { options_.lost_subscriptions = options_.dropped = 0; }

 private:
  // From one worker to another.
  struct Pair {
    std::uint64_t connection = 0;  // of the peer socket
    bool subscribed = false;       // the other wants the stream
    bool lost = false;             // and the subscription got lost
    std::uint64_t subscription = 0;
    Duration joins_at{0};
    std::uint32_t waiting = 0;  // arrived, and not handled yet
  };
  using Name = std::pair<Peer*, schema::Endpoints>;

  Pair& pair(const Peer& from, const Peer& to);
  Peer* find(const Peer& from, StoreId to);
  void join(Peer& publisher, Peer& subscriber);
  void arrive(Peer& from, Peer& to, std::uint64_t connection, std::uint64_t life, int tries,
              schema::Message message);
  void hand_over(Peer& from, Peer& to, std::uint64_t subscription, schema::Message message);

  World& world_;
  Paths& paths_;
  StreamOptions options_;
  std::vector<Name> workers_;
  std::map<std::uint32_t, std::map<StoreId, Peer*>> connected_;  // by number of the process
  std::map<std::pair<std::uint32_t, std::uint32_t>, Pair> pairs_;
};

}  // namespace kipu::sim
