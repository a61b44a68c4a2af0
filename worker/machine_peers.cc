#include "schema/codec.h"
#include "worker/machine_state.h"

namespace kipu::worker {

using schema::Message;
using schema::MessageKind;

void Machine::State::handle_peer(Now now, Message message, Effects& effects) {
  if (message.envelope.version != schema::kProtocolVersion) return drop(message, effects);
  switch (message.envelope.kind) {
    case MessageKind::peer_read:
      return on_peer_read(now, message, effects);
    case MessageKind::peer_read_reply:
      return on_peer_read_reply(now, message, effects);
    case MessageKind::peer_merge:
      return on_peer_merge(now, message, effects);
    case MessageKind::peer_merged:
      return on_peer_merged(now, message, effects);
    default:
      return drop(message, effects);
  }
}

void Machine::State::handle_stream(Now, Message message, Effects& effects) {
  drop(message, effects);
}

}  // namespace kipu::worker
