#include "bus/process_bus.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace kipu::bus {
namespace {

constexpr std::size_t kQueueMessages = 16'384;

// One poller's bell. Guarded by the hub's mutex.
struct Bell {
  std::condition_variable rung;
  bool woken = false;
};

// What every kind of socket has. Guarded by the hub's mutex.
struct Node {
  std::deque<Incoming> inbox;
  Bell* bell = nullptr;

  void deliver(Incoming incoming) {
    inbox.push_back(std::move(incoming));
    if (bell) bell->rung.notify_one();
  }
};

struct Dealer : Node {
  std::string endpoint;
  std::string routing_id;               // empty while nobody is bound at the endpoint
  std::deque<schema::Message> waiting;  // sent meanwhile
};

struct Router : Node {
  std::map<std::string, Dealer*> peers;  // by routing id
};

struct Subscriber : Node {
  std::string endpoint;
  std::string topic;
};

// All queues of the process, behind one mutex: it is for tests, where plain beats fast.
struct Hub {
  std::mutex mutex;
  std::map<std::string, Router*> routers;  // by endpoint
  std::set<std::string> publishers;        // endpoints
  std::vector<Dealer*> dealers;
  std::vector<Subscriber*> subscribers;
  std::uint64_t next_number = 1;

  bool is_bound(const std::string& endpoint) const {
    return routers.contains(endpoint) || publishers.contains(endpoint);
  }

  void attach(Dealer& dealer, Router& router) {
    dealer.routing_id = "p" + std::to_string(next_number++);
    router.peers.emplace(dealer.routing_id, &dealer);
    for (schema::Message& message : dealer.waiting) {
      router.deliver({PeerId{dealer.routing_id}, std::move(message)});
    }
    dealer.waiting.clear();
  }
};

class ProcessSocket : public Socket {
 public:
  ProcessSocket(std::shared_ptr<Hub> hub, std::string endpoint)
      : hub_(std::move(hub)), endpoint_(std::move(endpoint)) {}

  void receive(std::vector<Incoming>& into, std::size_t most) override {
    const std::scoped_lock lock(hub_->mutex);
    auto& inbox = node().inbox;
    for (; most > 0 && !inbox.empty(); --most) {
      into.push_back(std::move(inbox.front()));
      inbox.pop_front();
    }
  }
  const std::string& endpoint() const override { return endpoint_; }
  std::uint64_t dropped() const override { return 0; }

  virtual Node& node() = 0;

 protected:
  const std::shared_ptr<Hub> hub_;
  const std::string endpoint_;
};

Status check_room(std::size_t queued, const schema::Message& message) {
  if (message.body.size() > limits::kMaxBodyBytes) {
    return fail(ErrorCode::too_large, "a body larger than any peer accepts");
  }
  if (queued < kQueueMessages) return {};
  return fail(ErrorCode::overloaded, "the queue to this peer is full");
}

class RouterSocket final : public ProcessSocket {
 public:
  using ProcessSocket::ProcessSocket;
  ~RouterSocket() override;
  // REQUIRES: the hub's mutex is held.
  void bind() {
    hub_->routers.emplace(endpoint_, &router_);
    for (Dealer* dealer : hub_->dealers) {
      if (dealer->endpoint == endpoint_) hub_->attach(*dealer, router_);
    }
  }
  Status send(const PeerId& to, schema::Message message) override;
  Node& node() override { return router_; }

 private:
  Router router_;
};

RouterSocket::~RouterSocket() {
  const std::scoped_lock lock(hub_->mutex);
  hub_->routers.erase(endpoint_);
  for (auto& [id, dealer] : router_.peers) dealer->routing_id.clear();
}

Status RouterSocket::send(const PeerId& to, schema::Message message) {
  const std::scoped_lock lock(hub_->mutex);
  const auto peer = router_.peers.find(to.routing_id);
  if (peer == router_.peers.end()) {
    return fail(ErrorCode::unavailable, "this peer is not connected");
  }
  if (auto room = check_room(peer->second->inbox.size(), message); !room) return room;
  peer->second->deliver({PeerId{}, std::move(message)});
  return {};
}

class DealerSocket final : public ProcessSocket {
 public:
  using ProcessSocket::ProcessSocket;
  ~DealerSocket() override;
  // REQUIRES: the hub's mutex is held.
  void connect() {
    dealer_.endpoint = endpoint_;
    hub_->dealers.push_back(&dealer_);
    const auto router = hub_->routers.find(endpoint_);
    if (router != hub_->routers.end()) hub_->attach(dealer_, *router->second);
  }
  Status send(const PeerId& to, schema::Message message) override;
  Node& node() override { return dealer_; }

 private:
  Dealer dealer_;
};

DealerSocket::~DealerSocket() {
  const std::scoped_lock lock(hub_->mutex);
  std::erase(hub_->dealers, &dealer_);
  const auto router = hub_->routers.find(endpoint_);
  if (router != hub_->routers.end()) router->second->peers.erase(dealer_.routing_id);
}

Status DealerSocket::send(const PeerId& /*to*/, schema::Message message) {
  const std::scoped_lock lock(hub_->mutex);
  const auto router = hub_->routers.find(endpoint_);
  const bool connected = router != hub_->routers.end();
  const std::size_t queued = connected ? router->second->inbox.size() : dealer_.waiting.size();
  if (auto room = check_room(queued, message); !room) return room;
  if (connected) {
    router->second->deliver({PeerId{dealer_.routing_id}, std::move(message)});
  } else {
    dealer_.waiting.push_back(std::move(message));
  }
  return {};
}

class PubSocket final : public ProcessSocket {
 public:
  using ProcessSocket::ProcessSocket;
  ~PubSocket() override {
    const std::scoped_lock lock(hub_->mutex);
    hub_->publishers.erase(endpoint_);
  }
  // REQUIRES: the hub's mutex is held.
  void bind() { hub_->publishers.insert(endpoint_); }
  Status send(const PeerId& topic, schema::Message message) override;
  Node& node() override { return nothing_; }

 private:
  Node nothing_;
};

// Whoever has no room loses the message, as over ZeroMQ.
Status PubSocket::send(const PeerId& topic, schema::Message message) {
  if (auto fits = check_room(0, message); !fits) return fits;
  const std::scoped_lock lock(hub_->mutex);
  for (Subscriber* each : hub_->subscribers) {
    if (each->endpoint != endpoint_ || each->topic != topic.routing_id) continue;
    if (each->inbox.size() < kQueueMessages) {
      each->deliver({PeerId{}, {message.envelope, message.body.copy()}});
    }
  }
  return {};
}

class SubSocket final : public ProcessSocket {
 public:
  SubSocket(std::shared_ptr<Hub> hub, std::string endpoint, std::string topic)
      : ProcessSocket(std::move(hub), std::move(endpoint)) {
    subscriber_.endpoint = endpoint_;
    subscriber_.topic = std::move(topic);
  }
  ~SubSocket() override {
    const std::scoped_lock lock(hub_->mutex);
    std::erase(hub_->subscribers, &subscriber_);
  }
  // REQUIRES: the hub's mutex is held.
  void connect() { hub_->subscribers.push_back(&subscriber_); }
  Status send(const PeerId& /*to*/, schema::Message /*message*/) override {
    KIPU_CHECK(false && "a subscriber sends nothing");
    return {};
  }
  Node& node() override { return subscriber_; }

 private:
  Subscriber subscriber_;
};

class ProcessPoller final : public Poller {
 public:
  explicit ProcessPoller(std::shared_ptr<Hub> hub) : hub_(std::move(hub)) {}
  ~ProcessPoller() override {
    const std::scoped_lock lock(hub_->mutex);
    for (Node* node : nodes_) node->bell = nullptr;  // messages may still come for them
  }

  void add(Socket& socket) override {
    const std::scoped_lock lock(hub_->mutex);
    nodes_.push_back(&static_cast<ProcessSocket&>(socket).node());
    nodes_.back()->bell = &bell_;
  }
  void remove(Socket& socket) override {
    const std::scoped_lock lock(hub_->mutex);
    Node* node = &static_cast<ProcessSocket&>(socket).node();
    node->bell = nullptr;
    std::erase(nodes_, node);
  }
  void wait(Duration most) override;
  void wake() override {
    const std::scoped_lock lock(hub_->mutex);
    bell_.woken = true;
    bell_.rung.notify_one();
  }

 private:
  const std::shared_ptr<Hub> hub_;
  Bell bell_;
  std::vector<Node*> nodes_;  // sockets, which outlive this or were removed
};

void ProcessPoller::wait(Duration most) {
  constexpr Duration kLongest = std::chrono::hours(1);  // lest now + most overflows
  std::unique_lock lock(hub_->mutex);
  const auto ready = [this] {
    return bell_.woken || std::any_of(nodes_.begin(), nodes_.end(),
                                      [](const Node* node) { return !node->inbox.empty(); });
  };
  bell_.rung.wait_for(lock, std::clamp(most, Duration::zero(), kLongest), ready);
  bell_.woken = false;
}

class ProcessBus final : public Bus {
 public:
  Result<std::unique_ptr<Socket>> bind_router(const std::string& endpoint) override {
    return bind<RouterSocket>(endpoint);
  }
  Result<std::unique_ptr<Socket>> connect_dealer(const std::string& endpoint) override {
    return connect<DealerSocket>(endpoint);
  }
  Result<std::unique_ptr<Socket>> bind_pub(const std::string& endpoint) override {
    return bind<PubSocket>(endpoint);
  }
  Result<std::unique_ptr<Socket>> connect_sub(const std::string& endpoint,
                                              const std::string& topic) override {
    KIPU_CHECK(!topic.empty());
    return connect<SubSocket>(endpoint, topic);
  }
  Result<std::unique_ptr<Poller>> make_poller() override {
    return std::make_unique<ProcessPoller>(hub_);
  }

 private:
  template <class Kind>
  Result<std::unique_ptr<Socket>> bind(const std::string& endpoint);
  template <class Kind, class... More>
  Result<std::unique_ptr<Socket>> connect(const std::string& endpoint, const More&... more);

  const std::shared_ptr<Hub> hub_ = std::make_shared<Hub>();  // outlived by no socket
};

// "…:0" chooses a number, as a port does.
std::string chosen(const std::string& endpoint, Hub& hub) {
  if (!endpoint.ends_with(":0")) return endpoint;
  return endpoint.substr(0, endpoint.size() - 1) + std::to_string(hub.next_number++);
}

template <class Kind>
Result<std::unique_ptr<Socket>> ProcessBus::bind(const std::string& endpoint) {
  if (endpoint.empty()) return fail(ErrorCode::invalid_argument, "an endpoint is empty");
  const std::scoped_lock lock(hub_->mutex);
  const std::string name = chosen(endpoint, *hub_);
  if (hub_->is_bound(name)) {
    return fail(ErrorCode::in_use, "cannot listen on " + name + ": another socket does");
  }
  auto socket = std::make_unique<Kind>(hub_, name);
  socket->bind();
  return socket;
}

template <class Kind, class... More>
Result<std::unique_ptr<Socket>> ProcessBus::connect(const std::string& endpoint,
                                                    const More&... more) {
  if (endpoint.empty()) return fail(ErrorCode::invalid_argument, "an endpoint is empty");
  const std::scoped_lock lock(hub_->mutex);
  auto socket = std::make_unique<Kind>(hub_, endpoint, more...);
  socket->connect();
  return socket;
}

}  // namespace

std::unique_ptr<Bus> make_process_bus() {
  return std::make_unique<ProcessBus>();
}

}  // namespace kipu::bus
