// The network: every worker and every client has one connection to the broker. A message may be
// late, out of order, duplicated or lost, a connection may be cut, or be made anew under another
// name, and a worker may get a copy of what another is asked.
//
// Faults that may happen here: any, between any two processes. Recovery stays possible because
// heal() ends them all, and nothing that matters lies in a message alone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/ids.h"
#include "schema/messages.h"
#include "tests/sim/process.h"

namespace kipu::sim {

// The end of a connection that is not the broker.
class Peer : public Process {
 public:
  using Process::Process;
  virtual void receive(schema::Message message) = 0;
};

// The broker's end.
class Hub : public Process {
 public:
  using Process::Process;
  virtual void receive(const PeerId& from, bool from_worker, schema::Message message) = 0;
};

class Network {
 public:
  explicit Network(World& world) : world_(world), options_(world.options.network) {}

  void set_hub(Hub& hub) { hub_ = &hub; }
  void add(Peer& peer, bool is_worker);

  // False if the transport did not take it: nothing of it was sent.
  bool to_broker(const Peer& from, schema::Message message);
  bool to_peer(const PeerId& to, schema::Message message);

  // A new connection takes the place of the one that there was; what was under way on that is lost.
  void reconnect(const Peer& peer);
  void reconnect_all();
  // Nothing passes in the given directions for so long.
  void cut(const Peer& peer, bool to_broker, bool from_broker, Duration length);
  void heal();

 private:
  struct Link {
    Peer* peer = nullptr;
    bool is_worker = false;
    std::uint64_t connection = 0;
    Duration cut_to_broker_until{0};
    Duration cut_from_broker_until{0};
  };

  Duration delay();
  bool chance(std::uint32_t of_ten_thousand) {
    return of_ten_thousand > 0 && world_.rng.below(10'000) < of_ten_thousand;
  }
  void carry_to_broker(Link& link, schema::Message message);
  void carry_to_peer(Link& link, schema::Message message);
  void stray(const Link& meant, const schema::Message& message);
  static PeerId id_of(const Link& link);

  World& world_;
  NetworkOptions options_;
  Hub* hub_ = nullptr;
  std::map<std::string, Link> links_;
};

}  // namespace kipu::sim
