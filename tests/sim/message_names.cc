#include "tests/sim/message_names.h"

namespace kipu::sim {

using schema::MessageKind;

const char* name_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::error:
      return "error";
    case MessageKind::client_hello:
      return "client_hello";
    case MessageKind::map:
      return "map";
    case MessageKind::bucket_create:
      return "bucket_create";
    case MessageKind::ping:
      return "ping";
    case MessageKind::pong:
      return "pong";
    case MessageKind::status:
      return "status";
    case MessageKind::status_reply:
      return "status_reply";
    case MessageKind::append:
      return "append";
    case MessageKind::append_reply:
      return "append_reply";
    case MessageKind::page:
      return "page";
    case MessageKind::page_reply:
      return "page_reply";
    case MessageKind::count:
      return "count";
    case MessageKind::count_reply:
      return "count_reply";
    case MessageKind::keys:
      return "keys";
    case MessageKind::keys_reply:
      return "keys_reply";
    case MessageKind::scan:
      return "scan";
    case MessageKind::worker_hello:
      return "worker_hello";
    case MessageKind::worker_welcome:
      return "worker_welcome";
    case MessageKind::heartbeat:
      return "heartbeat";
    case MessageKind::heartbeat_reply:
      return "heartbeat_reply";
    case MessageKind::map_store:
      return "map_store";
    case MessageKind::map_stored:
      return "map_stored";
    case MessageKind::map_in_force:
      return "map_in_force";
    case MessageKind::beacon:
      return "beacon";
    case MessageKind::bundle:
      return "bundle";
    case MessageKind::standing:
      return "standing";
    case MessageKind::fetch:
      return "fetch";
    case MessageKind::fetched:
      return "fetched";
    case MessageKind::peer_read:
      return "peer_read";
    case MessageKind::peer_read_reply:
      return "peer_read_reply";
    case MessageKind::peer_merge:
      return "peer_merge";
    case MessageKind::peer_merged:
      return "peer_merged";
  }
  return "unknown";
}

}  // namespace kipu::sim
