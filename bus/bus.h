// Sockets that carry messages, behind an interface: ZeroMQ for processes (bus/zmq_bus.h), and one
// within a process, without ZeroMQ, for tests under the thread sanitizer (bus/process_bus.h).
//
// Thread rule: a Bus may be used by any thread. A Socket and a Poller belong to the thread that
// made them, except Poller::wake.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::bus {

struct Incoming {
  PeerId from;  // of what a router received; else empty
  schema::Message message;
};

// A ROUTER (bound, many peers), a DEALER (connected, one peer), a PUB (bound, sends to whoever is
// subscribed to a topic) or a SUB (connected, receives one topic).
class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  virtual ~Socket() = default;

  // Never blocks. `unavailable`: no such peer (any more); `overloaded`: its queue is full. In both
  // cases nothing was sent. `to` is ignored on a dealer, and the topic on a PUB: there success says
  // nothing, since what nobody is subscribed to at the moment, or has no room for, is lost.
  // REQUIRES: not a SUB.
  [[nodiscard]] virtual Status send(const PeerId& to, schema::Message message) = 0;

  // Appends at most `most` messages to `into`, or fewer where they are large, without waiting; the
  // poller tells of what is left. What does not decode as an envelope, or has too many or too large
  // frames, is dropped and counted. Nothing ever comes on a PUB.
  virtual void receive(std::vector<Incoming>& into, std::size_t most) = 0;

  // Where it is bound or connected; a bound port 0 is shown as the port that was chosen.
  virtual const std::string& endpoint() const = 0;
  virtual std::uint64_t dropped() const = 0;
};

class Poller {
 public:
  Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  virtual ~Poller() = default;

  // REQUIRES: the socket is of the same bus, and outlives the poller or is removed.
  virtual void add(Socket& socket) = 0;
  virtual void remove(Socket& socket) = 0;
  // Returns when a socket has a message, when woken, or after `most`.
  virtual void wait(Duration most) = 0;
  // By any thread: the current or the next wait() returns at once.
  virtual void wake() = 0;
};

class Bus {
 public:
  Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  virtual ~Bus() = default;

  // `invalid_argument` for an endpoint that is none, `in_use` if another is bound there, with the
  // endpoint in the message. Of this and all others: `io_error` where too few file descriptors are
  // left.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> bind_router(
      const std::string& endpoint) = 0;
  // Succeeds also while nobody is bound there: connecting goes on behind it.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> connect_dealer(
      const std::string& endpoint) = 0;
  // Likewise: `in_use`, `invalid_argument`.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> bind_pub(const std::string& endpoint) = 0;
  // Receives what is published under `topic`, from about when the publisher has heard of it; what
  // was published before, or while there was no connection, is lost. Topics of a publisher have one
  // length, which is not 0.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> connect_sub(const std::string& endpoint,
                                                                    const std::string& topic) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Poller>> make_poller() = 0;
};

}  // namespace kipu::bus
