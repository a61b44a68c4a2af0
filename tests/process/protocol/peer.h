// A peer of a broker that sends whatever frames it is told to.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

#include "schema/codec.h"

namespace kipu::test {

using Frames = std::vector<std::string>;

class Peer {
 public:
  // `reads`: false for one that takes nothing off its socket, and lets the network fill up.
  explicit Peer(const std::string& endpoint, bool reads = true);

  // Blocks while the broker takes nothing.
  void send(const Frames& frames);
  // Does not block: false if there was no room.
  bool try_send(const Frames& frames);
  // The next message, if it comes in time and is one of the protocol. Nothing, at once, where the
  // connection ended, too.
  std::optional<schema::Message> receive();
  // Whether the connection ended since the last call: what was on its way here is lost.
  bool was_cut_off();

 private:
  bool send_with(const Frames& frames, zmq::send_flags flags);

  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::socket_t events_;  // of socket_
};

Frames frames_of(const schema::Envelope& envelope, std::string body = {});

template <class Body>
std::string bytes_of(const Body& body) {
  return std::string(schema::encode(body).view());
}

// What a reply says went wrong; nothing if it is no error.
std::optional<ErrorCode> code_of(const schema::Message& reply);

// A request with time left.
schema::Envelope envelope_of(schema::MessageKind kind, std::uint64_t request_id = 1,
                             schema::Destination destination = schema::ToBroker{});

// All that comes before the broker answers what is sent now. It answers in order, so that nothing
// comes later to what it answers by itself.
std::vector<schema::Message> answers_at_frontend(Peer& peer);
std::vector<schema::Message> answers_at_backend(Peer& peer);

}  // namespace kipu::test
