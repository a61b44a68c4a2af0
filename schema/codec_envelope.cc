#include "schema/capnp.h"
#include "schema/codec.h"
#include "schema/envelope.capnp.h"
#include "schema/frame.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

bool is_known(MessageKind kind) {
  switch (kind) {
    case MessageKind::error:
    case MessageKind::client_hello:
    case MessageKind::map:
    case MessageKind::bucket_create:
    case MessageKind::ping:
    case MessageKind::pong:
    case MessageKind::status:
    case MessageKind::status_reply:
    case MessageKind::append:
    case MessageKind::append_reply:
    case MessageKind::page:
    case MessageKind::page_reply:
    case MessageKind::count:
    case MessageKind::count_reply:
    case MessageKind::keys:
    case MessageKind::keys_reply:
    case MessageKind::scan:
    case MessageKind::worker_hello:
    case MessageKind::worker_welcome:
    case MessageKind::heartbeat:
    case MessageKind::heartbeat_reply:
    case MessageKind::map_store:
    case MessageKind::map_stored:
    case MessageKind::map_in_force:
    case MessageKind::beacon:
    case MessageKind::bundle:
    case MessageKind::standing:
    case MessageKind::fetch:
    case MessageKind::fetched:
    case MessageKind::peer_read:
    case MessageKind::peer_read_reply:
    case MessageKind::peer_merge:
    case MessageKind::peer_merged:
      return true;
  }
  return false;
}

void write_destination(wire::Envelope::Destination::Builder to, const Destination& from) {
  if (const auto* partition = std::get_if<PartitionId>(&from)) {
    to.setPartition(partition->number);
  } else if (const auto* worker = std::get_if<WorkerId>(&from)) {
    to.setWorker(worker->number);
  } else {
    to.setBroker();
  }
}

Destination read_destination(wire::Envelope::Destination::Reader from) {
  switch (from.which()) {
    case wire::Envelope::Destination::BROKER:
      return ToBroker{};
    case wire::Envelope::Destination::PARTITION:
      return PartitionId{from.getPartition()};
    case wire::Envelope::Destination::WORKER:
      return WorkerId{from.getWorker()};
  }
  throw Refused("an unknown destination");
}

void write(wire::Envelope::Builder to, const Envelope& from) {
  to.setVersion(from.version);
  to.setKind(static_cast<std::uint16_t>(from.kind));
  to.setRequestId(from.request_id);
  to.setRemainingMicroseconds(microseconds(from.remaining));
  write_destination(to.getDestination(), from.destination);
  to.setNoReply(!from.expects_reply);
}

Envelope read(wire::Envelope::Reader from, const FrameReader& /*frame*/) {
  Envelope envelope;
  envelope.version = from.getVersion();
  envelope.kind = static_cast<MessageKind>(from.getKind());
  envelope.request_id = from.getRequestId();
  if (envelope.version != kProtocolVersion) return envelope;
  if (!is_known(envelope.kind)) throw Refused("an unknown kind of message");
  envelope.remaining = read_duration(from.getRemainingMicroseconds());
  envelope.destination = read_destination(from.getDestination());
  envelope.expects_reply = !from.getNoReply();
  return envelope;
}

}  // namespace

Buffer encode(const Envelope& envelope) {
  return encode_frame<wire::Envelope>(envelope, 0, write);
}

template <>
Result<Envelope> decode<Envelope>(std::string_view bytes) {
  return decode_frame<wire::Envelope, Envelope>("Envelope", bytes, read, limits::kMaxEnvelopeBytes);
}

}  // namespace kipu::schema
