#include "tests/sim/network.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/sim/message_names.h"

namespace kipu::sim {

using schema::Message;
using schema::MessageKind;

namespace {

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

}  // namespace

void note_message(World& world, const std::string& who, const char* what, const Message& message) {
  std::string text = what;
  text.append(" ").append(name_of(message.envelope.kind));
  world.note(who, text, message.envelope.request_id, message.body.view());
}

void Network::add(Peer& peer, bool is_worker) {
  Link& link = links_[peer.name()];
  link.peer = &peer;
  link.is_worker = is_worker;
}

PeerId Network::id_of(const Link& link) {
  return PeerId{fmt::format("{}#{}", link.peer->name(), link.connection)};
}

bool Network::to_broker(const Peer& from, Message message) {
  if (paths_.refuses(from, *hub_)) return false;
  Link& link = links_.at(from.name());
  note_message(world_, from.name(), "sends", message);
  paths_.carry(from, *hub_, std::move(message),
               [this, &link, connection = link.connection](Message held) {
                 // What a broker that is gone has not read is lost, as is what was on a closed
                 // connection.
                 if (connection != link.connection || !hub_->up()) return;
                 hub_->post(Duration::zero(),
                            [this, &link, from = id_of(link), inner = std::move(held)]() mutable {
                              note_message(world_, hub_->name(), "receives", inner);
                              hub_->receive(from, link.is_worker, std::move(inner));
                            });
               });
  return true;
}

bool Network::to_peer(const PeerId& to, Message message) {
  const auto found = links_.find(to.routing_id.substr(0, to.routing_id.find('#')));
  if (found == links_.end() || id_of(found->second) != to) return false;
  Link& link = found->second;
  if (paths_.refuses(*hub_, *link.peer)) return false;
  note_message(world_, hub_->name(), "sends", message);
  const bool is_request = link.is_worker && is_asked_of_workers(message.envelope.kind);
  if (is_request && paths_.strays(*hub_, *link.peer)) stray(link, message);
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
  paths_.carry(*hub_, *link.peer, std::move(message),
               [this, &link, connection = link.connection](Message held) {
                 if (connection != link.connection || !link.peer->up()) return;
                 link.peer->post(Duration::zero(),
                                 [this, &link, inner = std::move(held)]() mutable {
                                   note_message(world_, link.peer->name(), "receives", inner);
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

}  // namespace kipu::sim
