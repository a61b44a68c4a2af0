#include "tests/sim/network.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kipu::sim {

using schema::Message;
using schema::MessageKind;

namespace {

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
  }
  return "unknown";
}

bool is_asked_of_workers(MessageKind kind) {
  switch (kind) {
    case MessageKind::append:
    case MessageKind::page:
    case MessageKind::count:
    case MessageKind::keys:
    case MessageKind::scan:
      return true;
    default:
      return false;
  }
}

// A message in the trace: what happens to it, its kind, its request.
void note(World& world, const std::string& who, const char* what, const Message& message) {
  world.note(who, fmt::format("{} {}", what, name_of(message.envelope.kind)),
             message.envelope.request_id, message.body.view());
}

}  // namespace

void Network::add(Peer& peer, bool is_worker) {
  Link& link = links_[peer.name()];
  link.peer = &peer;
  link.is_worker = is_worker;
}

PeerId Network::id_of(const Link& link) {
  return PeerId{fmt::format("{}#{}", link.peer->name(), link.connection)};
}

Duration Network::delay() {
  const Duration most = chance(options_.slow) ? options_.slowest : options_.most_delay;
  return world_.rng.between(options_.least_delay, most);
}

bool Network::to_broker(const Peer& from, Message message) {
  ++world_.totals.messages;
  if (chance(options_.refused)) return false;
  Link& link = links_.at(from.name());
  note(world_, from.name(), "sends", message);
  if (chance(options_.duplicated)) {
    carry_to_broker(link, {message.envelope, message.body.copy()});
  }
  carry_to_broker(link, std::move(message));
  return true;
}

void Network::carry_to_broker(Link& link, Message message) {
  if (chance(options_.lost) || link.cut_to_broker_until > world_.now()) return;
  world_.scheduler.after(
      delay(), [this, &link, connection = link.connection, held = std::move(message)]() mutable {
        // What a broker that is gone has not read is lost, as is what was on a closed connection.
        if (connection != link.connection || !hub_->up()) return;
        hub_->post(Duration::zero(),
                   [this, &link, from = id_of(link), inner = std::move(held)]() mutable {
                     note(world_, hub_->name(), "receives", inner);
                     hub_->receive(from, link.is_worker, std::move(inner));
                   });
      });
}

bool Network::to_peer(const PeerId& to, Message message) {
  ++world_.totals.messages;
  const auto found = links_.find(to.routing_id.substr(0, to.routing_id.find('#')));
  if (found == links_.end() || id_of(found->second) != to || chance(options_.refused)) return false;
  Link& link = found->second;
  note(world_, hub_->name(), "sends", message);
  if (chance(options_.duplicated)) {
    carry_to_peer(link, {message.envelope, message.body.copy()});
  }
  if (link.is_worker && is_asked_of_workers(message.envelope.kind) && chance(options_.strayed)) {
    stray(link, message);
  }
  carry_to_peer(link, std::move(message));
  return true;
}

// As if the broker had taken one worker for another.
void Network::stray(const Link& meant, const Message& message) {
  std::vector<Link*> others;
  for (auto& [name, link] : links_) {
    if (link.is_worker && &link != &meant) others.push_back(&link);
  }
  if (others.empty()) return;
  carry_to_peer(*others[world_.rng.below(others.size())], {message.envelope, message.body.copy()});
}

void Network::carry_to_peer(Link& link, Message message) {
  if (chance(options_.lost) || link.cut_from_broker_until > world_.now()) return;
  world_.scheduler.after(
      delay(), [this, &link, connection = link.connection, held = std::move(message)]() mutable {
        if (connection != link.connection || !link.peer->up()) return;
        link.peer->post(Duration::zero(), [this, &link, inner = std::move(held)]() mutable {
          note(world_, link.peer->name(), "receives", inner);
          link.peer->receive(std::move(inner));
        });
      });
}

void Network::reconnect(const Peer& peer) {
  ++links_.at(peer.name()).connection;
}

void Network::reconnect_all() {
  for (auto& [name, link] : links_) ++link.connection;
}

void Network::cut(const Peer& peer, bool to_broker, bool from_broker, Duration length) {
  Link& link = links_.at(peer.name());
  if (to_broker) link.cut_to_broker_until = world_.now() + length;
  if (from_broker) link.cut_from_broker_until = world_.now() + length;
}

void Network::heal() {
  options_.lost = options_.duplicated = options_.slow = options_.refused = options_.strayed = 0;
  for (auto& [name, link] : links_) {
    link.cut_to_broker_until = link.cut_from_broker_until = Duration::zero();
  }
}

}  // namespace kipu::sim
