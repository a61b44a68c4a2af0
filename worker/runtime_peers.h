// The sockets between this worker and all others: what it has bound for them, a PUB for its stream
// and a ROUTER, and to each of them a SUB and a DEALER. Everything to a peer leaves by the DEALER,
// answers too: the ROUTER only receives, so that nobody's routing id has to be kept.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/result.h"
#include "bus/bus.h"
#include "worker/machine.h"

namespace kipu::worker {

// Where to listen for other workers, and by which name they know this machine.
struct PeerOptions {
  std::string stream;     // endpoint of the PUB; empty: none, in a cluster of one worker
  std::string peer;       // endpoint of the ROUTER; likewise
  std::string advertise;  // host that others connect to; empty: the one that is bound
};

// The endpoint by which others find what is bound at `bound`. `invalid_argument` if it names every
// interface, and so no host, and `advertise` is empty; or if it is too long for a map.
[[nodiscard]] Result<std::string> advertised_endpoint(const std::string& bound,
                                                      const std::string& advertise);

// What is published for `store` goes under this: 16 bytes, the id big-endian.
[[nodiscard]] std::string topic_of(const StoreId& store);

class PeerSockets {
 public:
  using Take = std::function<void(schema::Message)>;

  // Binds. `in_use` and `invalid_argument` as Bus says. `bus` and `poller` outlive the object.
  [[nodiscard]] static Result<std::unique_ptr<PeerSockets>> bind(bus::Bus& bus, bus::Poller& poller,
                                                                 const PeerOptions& options,
                                                                 StoreId self, LogSink log);
  ~PeerSockets();
  PeerSockets(const PeerSockets&) = delete;
  PeerSockets& operator=(const PeerSockets&) = delete;

  // Where others find what was bound.
  const schema::Endpoints& endpoints() const { return endpoints_; }

  // From now on these are the others. Whoever has the address it had keeps its connections.
  void connect(const Peers& peers);
  // Subscribes to the stream of this one anew.
  void resubscribe(const StoreId& store);

  // What cannot be sent is lost, as it could be on the wire, and the log says so once.
  void send(ToPeer message);
  void publish(ToPeer message);

  // Hands over what has arrived, at most `most` messages of each socket.
  void receive(std::size_t most, const Take& from_peer, const Take& from_stream);

 private:
  struct Link {
    schema::Endpoints endpoints;
    std::unique_ptr<bus::Socket> dealer;  // null while it has no endpoint that can be used
    std::unique_ptr<bus::Socket> sub;     // likewise
    bool is_losing = false;               // the last message could not be sent
  };

  PeerSockets(bus::Bus& bus, bus::Poller& poller, StoreId self, LogSink log);

  Status bind_all(const PeerOptions& options);
  void update(Link& link, const schema::Endpoints& endpoints);
  void dial(Link& link);
  void subscribe(Link& link);
  void drop_subscription(Link& link);
  std::unique_ptr<bus::Socket> usable(Result<std::unique_ptr<bus::Socket>> connected);
  void drain(bus::Socket& socket, std::size_t most, const Take& take);
  void say(LogLevel level, std::string text) const;

  bus::Bus& bus_;
  bus::Poller& poller_;
  const StoreId self_;
  const LogSink log_;
  schema::Endpoints endpoints_;
  std::unique_ptr<bus::Socket> pub_;
  std::unique_ptr<bus::Socket> router_;
  std::map<StoreId, Link> links_;
  std::vector<bus::Incoming> batch_;  // reused
};

}  // namespace kipu::worker
