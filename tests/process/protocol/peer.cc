#include "tests/process/protocol/peer.h"

#include <stdexcept>

#include "tests/support/process.h"

namespace kipu::test {
namespace {

constexpr const char* kEvents = "inproc://events";
constexpr std::uint64_t kLastId = ~std::uint64_t{0};

std::vector<schema::Message> answers_before(Peer& peer, schema::MessageKind last) {
  std::vector<schema::Message> answers;
  for (;;) {
    auto message = peer.receive();
    if (!message) throw std::runtime_error("the broker does not answer");
    if (message->envelope.kind == last && message->envelope.request_id == kLastId) return answers;
    answers.push_back(std::move(*message));
  }
}

}  // namespace

Peer::Peer(const std::string& endpoint, bool reads)
    : socket_(context_, ZMQ_DEALER), events_(context_, ZMQ_PAIR) {
  zmq_socket_monitor(socket_.handle(), kEvents, ZMQ_EVENT_DISCONNECTED);
  events_.connect(kEvents);
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::rcvtimeo,
              static_cast<int>(std::chrono::milliseconds(kPatience).count()));
  if (!reads) {
    socket_.set(zmq::sockopt::rcvhwm, 1);
    socket_.set(zmq::sockopt::rcvbuf, 4096);
  }
  socket_.connect(endpoint);
}

void Peer::send(const Frames& frames) {
  if (!send_with(frames, zmq::send_flags::none)) throw std::runtime_error("cannot send");
}

bool Peer::try_send(const Frames& frames) {
  return send_with(frames, zmq::send_flags::dontwait);
}

bool Peer::send_with(const Frames& frames, zmq::send_flags flags) {
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const bool more = at + 1 < frames.size();
    const auto all = more ? flags | zmq::send_flags::sndmore : flags;
    if (!socket_.send(zmq::buffer(frames[at]), all)) return false;
  }
  return true;
}

std::optional<schema::Message> Peer::receive() {
  zmq::pollitem_t watched[] = {{socket_.handle(), 0, ZMQ_POLLIN, 0},
                               {events_.handle(), 0, ZMQ_POLLIN, 0}};
  zmq::poll(watched, 2, std::chrono::milliseconds(kPatience));
  if ((watched[0].revents & ZMQ_POLLIN) == 0) return std::nullopt;
  zmq::message_t envelope;
  zmq::message_t body;
  if (!socket_.recv(envelope)) return std::nullopt;
  if (!envelope.more() || !socket_.recv(body) || body.more()) return std::nullopt;
  auto decoded = schema::decode<schema::Envelope>(envelope.to_string_view());
  if (!decoded) return std::nullopt;
  return schema::Message{std::move(*decoded), Buffer(body.to_string())};
}

bool Peer::was_cut_off() {
  zmq::message_t part;
  bool cut_off = false;
  while (events_.recv(part, zmq::recv_flags::dontwait)) cut_off = true;
  return cut_off;
}

Frames frames_of(const schema::Envelope& envelope, std::string body) {
  return {bytes_of(envelope), std::move(body)};
}

std::optional<ErrorCode> code_of(const schema::Message& reply) {
  if (reply.envelope.kind != schema::MessageKind::error) return std::nullopt;
  const auto body = schema::decode<schema::ErrorReply>(reply.body.view());
  if (!body) throw std::runtime_error("an error that does not decode");
  return body->error.code;
}

schema::Envelope envelope_of(schema::MessageKind kind, std::uint64_t request_id,
                             schema::Destination destination) {
  schema::Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = request_id;
  envelope.destination = destination;
  envelope.remaining = kPatience;
  return envelope;
}

std::vector<schema::Message> answers_at_frontend(Peer& peer) {
  peer.send(frames_of(envelope_of(schema::MessageKind::ping, kLastId)));
  return answers_before(peer, schema::MessageKind::pong);
}

// The heartbeat of a store that the broker does not know is answered, and changes nothing.
std::vector<schema::Message> answers_at_backend(Peer& peer) {
  schema::Heartbeat heartbeat;
  heartbeat.store = StoreId{Uuid{1, 1}};
  peer.send(frames_of(envelope_of(schema::MessageKind::heartbeat, kLastId), bytes_of(heartbeat)));
  return answers_before(peer, schema::MessageKind::heartbeat_reply);
}

}  // namespace kipu::test
