// The network around the broker: every worker and every client has one connection to it. A
// connection may be made anew under another name, and a worker may get a copy of what another is
// asked; paths.h says what becomes of messages on the way.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/ids.h"
#include "schema/messages.h"
#include "tests/sim/paths.h"
#include "tests/sim/process.h"

namespace kipu::sim {

// The end of a connection that is not the broker.
class Peer : public Process {
 public:
  using Process::Process;
  virtual void receive(schema::Message message) = 0;
  // What other workers send to its peer socket, and publish for it.
  virtual void receive_from_peer(schema::Message) {}
  virtual void receive_from_stream(schema::Message) {}
  // That it keeps; none of a client.
  virtual StoreId store() const { return {}; }
};

// The broker's end.
class Hub : public Process {
 public:
  using Process::Process;
  virtual void receive(const PeerId& from, bool from_worker, schema::Message message) = 0;
};

class Network {
 public:
  Network(World& world, Paths& paths) : world_(world), paths_(paths) {}

  void set_hub(Hub& hub) { hub_ = &hub; }
  void add(Peer& peer, bool is_worker);

  // False if the transport did not take it: nothing of it was sent.
  bool to_broker(const Peer& from, schema::Message message);
  bool to_peer(const PeerId& to, schema::Message message);

  // A new connection takes the place of the one that there was; what was under way on that is lost.
  void reconnect(const Peer& peer);
  void reconnect_all();

 private:
  struct Link {
    Peer* peer = nullptr;
    bool is_worker = false;
    std::uint64_t connection = 0;
  };

  void carry_to_peer(Link& link, schema::Message message);
  void stray(const Link& meant, const schema::Message& message);
  static PeerId id_of(const Link& link);

  World& world_;
  Paths& paths_;
  Hub* hub_ = nullptr;
  std::map<std::string, Link> links_;
};

// A message in the trace: what happens to it, its kind, its request.
void note_message(World& world, const std::string& who, const char* what,
                  const schema::Message& message);

}  // namespace kipu::sim
