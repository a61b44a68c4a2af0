#include "bus/process_bus.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/limits.h"

namespace kipu::bus {
namespace {

constexpr std::size_t kQueueMessages = 16'384;

// One poller's bell. Guarded by the hub's mutex.
struct Bell {
  std::condition_variable rung;
  bool woken = false;
};

// What both kinds of socket have. Guarded by the hub's mutex.
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

// All queues of the process, behind one mutex: it is for tests, where plain beats fast.
struct Hub {
  std::mutex mutex;
  std::map<std::string, Router*> routers;  // by endpoint
  std::vector<Dealer*> dealers;
  std::uint64_t next_number = 1;

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
  Result<std::unique_ptr<Socket>> bind_router(const std::string& endpoint) override;
  Result<std::unique_ptr<Socket>> connect_dealer(const std::string& endpoint) override;
  std::unique_ptr<Poller> make_poller() override { return std::make_unique<ProcessPoller>(hub_); }

 private:
  const std::shared_ptr<Hub> hub_ = std::make_shared<Hub>();  // outlived by no socket
};

// "…:0" chooses a number, as a port does.
std::string chosen(const std::string& endpoint, Hub& hub) {
  if (!endpoint.ends_with(":0")) return endpoint;
  return endpoint.substr(0, endpoint.size() - 1) + std::to_string(hub.next_number++);
}

Result<std::unique_ptr<Socket>> ProcessBus::bind_router(const std::string& endpoint) {
  if (endpoint.empty()) return fail(ErrorCode::invalid_argument, "an endpoint is empty");
  const std::scoped_lock lock(hub_->mutex);
  const std::string name = chosen(endpoint, *hub_);
  if (hub_->routers.contains(name)) {
    return fail(ErrorCode::in_use, "cannot listen on " + name + ": another socket does");
  }
  auto socket = std::make_unique<RouterSocket>(hub_, name);
  socket->bind();
  return socket;
}

Result<std::unique_ptr<Socket>> ProcessBus::connect_dealer(const std::string& endpoint) {
  if (endpoint.empty()) return fail(ErrorCode::invalid_argument, "an endpoint is empty");
  const std::scoped_lock lock(hub_->mutex);
  auto socket = std::make_unique<DealerSocket>(hub_, endpoint);
  socket->connect();
  return socket;
}

}  // namespace

std::unique_ptr<Bus> make_process_bus() {
  return std::make_unique<ProcessBus>();
}

}  // namespace kipu::bus
