#include "tests/support/proxy.h"

#include <stdexcept>
#include <utility>

#include "bus/zmq_bus.h"

namespace kipu::test {
namespace {

constexpr std::size_t kBatch = 64;

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

Proxy::Proxy(std::string broker) : broker_(std::move(broker)), bus_(bus::make_zmq_bus()) {
  std::promise<std::string> listening;
  auto endpoint = listening.get_future();
  thread_ =
      std::thread([this, promise = std::move(listening)]() mutable { run(std::move(promise)); });
  endpoint_ = endpoint.get();
}

Proxy::~Proxy() {
  stop_asked_ = true;
  {
    const std::scoped_lock lock(mutex_);
    if (poller_ != nullptr) poller_->wake();
  }
  thread_.join();
}

void Proxy::swallow(schema::MessageKind kind, std::uint64_t k) {
  const std::scoped_lock lock(mutex_);
  kind_ = kind;
  replies_left_ = k;
}

void Proxy::hold(schema::MessageKind kind, std::uint64_t k) {
  const std::scoped_lock lock(mutex_);
  held_kind_ = kind;
  requests_left_ = k;
}

void Proxy::release() {
  const std::scoped_lock lock(mutex_);
  is_holding_ = false;
  if (poller_ != nullptr) poller_->wake();
}

void Proxy::run(std::promise<std::string> listening) {
  const auto front = value_or_throw(bus_->bind_router("tcp://127.0.0.1:0"));
  const auto poller = bus_->make_poller().value();
  poller->add(*front);
  {
    const std::scoped_lock lock(mutex_);
    poller_ = poller.get();
  }
  listening.set_value(front->endpoint());
  while (!stop_asked_) {
    poller->wait(std::chrono::seconds(1));
    pass_requests(*poller, *front);
    pass_replies(*front);
  }
  {
    const std::scoped_lock lock(mutex_);
    poller_ = nullptr;
  }
  for (const auto& [client, socket] : to_broker_) poller->remove(*socket);
  to_broker_.clear();
  poller->remove(*front);
}

void Proxy::pass_requests(bus::Poller& poller, bus::Socket& front) {
  std::vector<bus::Incoming> requests;
  if (!is_holding_) requests = std::exchange(held_, {});
  front.receive(requests, kBatch);
  for (bus::Incoming& request : requests) {
    if (is_to_be_held(request.message)) {
      held_.push_back(std::move(request));
      continue;
    }
    auto& socket = to_broker_[request.from.routing_id];
    if (socket == nullptr) {
      socket = value_or_throw(bus_->connect_dealer(broker_));
      poller.add(*socket);
    }
    // What cannot be sent is lost, as on any network.
    [[maybe_unused]] const Status sent = socket->send({}, std::move(request.message));
  }
}

void Proxy::pass_replies(bus::Socket& front) {
  for (const auto& [client, socket] : to_broker_) {
    std::vector<bus::Incoming> replies;
    socket->receive(replies, kBatch);
    for (bus::Incoming& reply : replies) {
      if (is_to_be_lost(reply.message)) {
        ++swallowed_;
        continue;
      }
      [[maybe_unused]] const Status sent = front.send(PeerId{client}, std::move(reply.message));
    }
  }
}

bool Proxy::is_to_be_held(const schema::Message& request) {
  const std::scoped_lock lock(mutex_);
  if (requests_left_ > 0 && request.envelope.kind == held_kind_ && --requests_left_ == 0) {
    is_holding_ = true;
  }
  return is_holding_;
}

bool Proxy::is_to_be_lost(const schema::Message& reply) {
  const std::scoped_lock lock(mutex_);
  if (replies_left_ == 0 || reply.envelope.kind != kind_) return false;
  --replies_left_;
  return replies_left_ == 0;
}

}  // namespace kipu::test
