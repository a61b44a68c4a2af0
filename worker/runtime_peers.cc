#include "worker/runtime_peers.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/limits.h"

namespace kipu::worker {
namespace {

constexpr std::string_view kTcp = "tcp://";

bool names_every_interface(std::string_view host) {
  return host == "0.0.0.0" || host == "*" || host == "[::]";
}

// A host as an endpoint has it: the address of IPv6 in brackets.
std::string in_endpoint(const std::string& host) {
  const bool bare = host.find(':') != std::string::npos && !host.starts_with('[');
  return bare ? "[" + host + "]" : host;
}

void append_big_endian(std::uint64_t number, std::string& bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
  }
}

}  // namespace

Result<std::string> advertised_endpoint(const std::string& bound, const std::string& advertise) {
  if (!bound.starts_with(kTcp)) return bound;
  const std::size_t colon = bound.rfind(':');
  const std::string_view host = std::string_view(bound).substr(kTcp.size(), colon - kTcp.size());
  if (advertise.empty() && names_every_interface(host)) {
    return fail(ErrorCode::invalid_argument,
                "other workers cannot find this one by " + bound +
                    ": say by which host they can, with --advertise HOST");
  }
  const std::string shown = advertise.empty() ? std::string(host) : in_endpoint(advertise);
  std::string endpoint = std::string(kTcp) + shown + bound.substr(colon);
  if (endpoint.size() <= limits::kMaxEndpointBytes) return endpoint;
  return fail(ErrorCode::invalid_argument, "the endpoint " + endpoint + " is too long: at most " +
                                               std::to_string(limits::kMaxEndpointBytes) +
                                               " bytes");
}

std::string topic_of(const StoreId& store) {
  std::string topic;
  append_big_endian(store.id.high, topic);
  append_big_endian(store.id.low, topic);
  return topic;
}

PeerSockets::PeerSockets(bus::Bus& bus, bus::Poller& poller, StoreId self, LogSink log)
    : bus_(bus), poller_(poller), self_(self), log_(std::move(log)) {}

Result<std::unique_ptr<PeerSockets>> PeerSockets::bind(bus::Bus& bus, bus::Poller& poller,
                                                       const PeerOptions& options, StoreId self,
                                                       LogSink log) {
  auto made = std::unique_ptr<PeerSockets>(new PeerSockets(bus, poller, self, std::move(log)));
  if (auto bound = made->bind_all(options); !bound) return fail(std::move(bound).error());
  return made;
}

Status PeerSockets::bind_all(const PeerOptions& options) {
  if (!options.stream.empty()) {
    auto pub = bus_.bind_pub(options.stream);
    if (!pub) return fail(std::move(pub).error());
    pub_ = std::move(*pub);
    auto shown = advertised_endpoint(pub_->endpoint(), options.advertise);
    if (!shown) return fail(std::move(shown).error());
    endpoints_.stream = std::move(*shown);
  }
  if (!options.peer.empty()) {
    auto router = bus_.bind_router(options.peer);
    if (!router) return fail(std::move(router).error());
    router_ = std::move(*router);
    poller_.add(*router_);
    auto shown = advertised_endpoint(router_->endpoint(), options.advertise);
    if (!shown) return fail(std::move(shown).error());
    endpoints_.peer = std::move(*shown);
  }
  return {};
}

PeerSockets::~PeerSockets() {
  connect({});
  if (router_) poller_.remove(*router_);
}

void PeerSockets::connect(const Peers& peers) {
  for (auto& [store, link] : links_) {
    if (!peers.addresses.contains(store)) drop_subscription(link);
  }
  std::erase_if(links_, [&](const auto& each) { return !peers.addresses.contains(each.first); });
  for (const auto& [store, endpoints] : peers.addresses) {
    if (store != self_) update(links_[store], endpoints);
  }
}

void PeerSockets::update(Link& link, const schema::Endpoints& endpoints) {
  const schema::Endpoints before = std::exchange(link.endpoints, endpoints);
  if (endpoints.peer != before.peer) {
    link.dealer.reset();
    dial(link);
  }
  if (endpoints.stream != before.stream) subscribe(link);
}

void PeerSockets::dial(Link& link) {
  if (link.dealer || link.endpoints.peer.empty()) return;
  link.dealer = usable(bus_.connect_dealer(link.endpoints.peer));
}

void PeerSockets::subscribe(Link& link) {
  drop_subscription(link);
  if (link.endpoints.stream.empty()) return;
  link.sub = usable(bus_.connect_sub(link.endpoints.stream, topic_of(self_)));
  if (link.sub) poller_.add(*link.sub);
}

void PeerSockets::drop_subscription(Link& link) {
  if (link.sub) poller_.remove(*link.sub);
  link.sub.reset();
}

// An address that is none is another worker's mistake, and not worth ending for.
std::unique_ptr<bus::Socket> PeerSockets::usable(Result<std::unique_ptr<bus::Socket>> connected) {
  if (connected) return std::move(*connected);
  say(LogLevel::error, "another worker cannot be reached: " + connected.error().message);
  return nullptr;
}

void PeerSockets::resubscribe(const StoreId& store) {
  const auto link = links_.find(store);
  if (link == links_.end()) return;
  say(LogLevel::info,
      "the stream of store " + store.id.to_string() + " is silent: subscribing anew");
  subscribe(link->second);
  dial(link->second);  // what lacked a file descriptor then may have one now
}

void PeerSockets::send(ToPeer message) {
  const auto found = links_.find(message.to);
  if (found == links_.end() || !found->second.dealer) return;  // it left the map meanwhile
  Link& link = found->second;
  const auto sent = link.dealer->send({}, std::move(message.message));
  const bool was_losing = std::exchange(link.is_losing, !sent);
  if (sent || was_losing) return;
  say(LogLevel::warning, "messages to store " + message.to.id.to_string() + " at " +
                             link.endpoints.peer + " are dropped: " + sent.error().message);
}

// Whoever loses some of it fetches it, so that this is no news.
void PeerSockets::publish(ToPeer message) {
  if (!pub_) return;
  const auto sent = pub_->send(PeerId{topic_of(message.to)}, std::move(message.message));
  if (sent) return;
  say(LogLevel::debug, "a message was not published to store " + message.to.id.to_string() + ": " +
                           sent.error().message);
}

void PeerSockets::receive(std::size_t most, const Take& from_peer, const Take& from_stream) {
  if (router_) drain(*router_, most, from_peer);
  for (auto& [store, link] : links_) {
    if (link.sub) drain(*link.sub, most, from_stream);
  }
}

void PeerSockets::drain(bus::Socket& socket, std::size_t most, const Take& take) {
  batch_.clear();
  socket.receive(batch_, most);
  for (bus::Incoming& incoming : batch_) take(std::move(incoming.message));
}

void PeerSockets::say(LogLevel level, std::string text) const {
  if (log_) log_({level, std::move(text)});
}

}  // namespace kipu::worker
