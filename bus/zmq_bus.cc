#include "bus/zmq_bus.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include "base/check.h"
#include "base/descriptors.h"
#include "base/limits.h"
#include "bus/zmq_frames.h"
#include "bus/zmq_options.h"
#include "schema/codec.h"

namespace kipu::bus {
namespace {

// What one receive() takes, about: a loop holds it all at once until it has handled it.
constexpr std::size_t kMostReceivedBytes = std::size_t{8} * 1024 * 1024;

// A worker has two sockets to each other one, and a few of its own.
constexpr int kMaxSockets = static_cast<int>(2 * limits::kMaxWorkers) + 64;

// libzmq 4.3.4 takes one descriptor for whoever ends the context, and two, a mailbox and a poller,
// for its reaper and each I/O thread. It ends the process where it gets no poller.
constexpr std::size_t context_descriptors(int io_threads) {
  return 3 + 2 * static_cast<std::size_t>(io_threads);
}
// A mailbox, what listens or is connected, and one for looking up a name or taking a connection.
constexpr std::size_t kSocketDescriptors = 3;

// The one place where what cppzmq throws becomes an Error.
Error to_error(const zmq::error_t& error, const std::string& endpoint) {
  switch (error.num()) {
    case EADDRINUSE:
      return {ErrorCode::in_use,
              "cannot listen on " + endpoint + ": another process does; choose another port"};
    case EMFILE:
    case ENFILE:
      return too_few_descriptors(endpoint);
    default:
      return {ErrorCode::invalid_argument, "cannot use the endpoint '" + endpoint + "' (" +
                                               error.what() + "): write tcp://HOST:PORT"};
  }
}

Error send_error(int number) {
  if (number == EAGAIN) return {ErrorCode::overloaded, "the queue to this peer is full"};
  if (number == EHOSTUNREACH) return {ErrorCode::unavailable, "this peer is not connected"};
  return {ErrorCode::unavailable, std::string("cannot send: ") + zmq_strerror(number)};
}

class ZmqSocket final : public Socket {
 public:
  ZmqSocket(zmq::socket_t socket, SocketRole role, std::string endpoint, std::string topic = {})
      : role_(role),
        endpoint_(std::move(endpoint)),
        topic_(std::move(topic)),
        socket_(std::move(socket)) {}

  Status send(const PeerId& to, schema::Message message) override;
  void receive(std::vector<Incoming>& into, std::size_t most) override;
  const std::string& endpoint() const override { return endpoint_; }
  std::uint64_t dropped() const override { return dropped_; }

  void* handle() { return socket_.handle(); }

 private:
  // Routing id (on a router) or topic (on PUB and SUB), envelope, body.
  using Frames = std::array<zmq::message_t, 3>;

  std::size_t frames_wanted() const { return role_ == SocketRole::dealer ? 2 : 3; }
  Result<zmq::message_t> body_frame(const PeerId& to, Buffer body);
  int send_frame(zmq::message_t& frame, int flags);
  std::optional<std::size_t> receive_frames(Frames& frames);
  std::optional<Incoming> to_message(Frames& frames) const;

  const SocketRole role_;
  const std::string endpoint_;
  const std::string topic_;  // of a SUB
  zmq::socket_t socket_;
  SendBudget budget_;
  std::uint64_t dropped_ = 0;
};

Result<zmq::message_t> ZmqSocket::body_frame(const PeerId& to, Buffer body) {
  if (body.size() > limits::kMaxBodyBytes) {
    return fail(ErrorCode::too_large, "a body larger than any peer accepts");
  }
  if (body.size() <= kCopySentBytes) return copy_to_frame(body.view());
  auto reservation = budget_.reserve(to.routing_id, body.size());
  if (!reservation) return fail(send_error(EAGAIN));
  return hand_to_frame(std::move(body), std::move(*reservation));
}

// 0, or the error number.
int ZmqSocket::send_frame(zmq::message_t& frame, int flags) {
  for (;;) {
    if (zmq_msg_send(frame.handle(), socket_.handle(), flags | ZMQ_DONTWAIT) >= 0) return 0;
    if (zmq_errno() != EINTR) return zmq_errno();
  }
}

// ZeroMQ decides by the first frame whether it takes a message, so that a failure of any other is a
// peer that vanished in between; the socket then drops the rest by itself. A PUB counts what it
// still holds by topic, which is one subscriber's: it costs no more than any other peer.
Status ZmqSocket::send(const PeerId& to, schema::Message message) {
  KIPU_CHECK(role_ != SocketRole::sub);
  auto body = body_frame(to, std::move(message.body));
  if (!body) return fail(std::move(body).error());
  if (role_ != SocketRole::dealer) {
    auto id = copy_to_frame(to.routing_id);
    if (const int number = send_frame(id, ZMQ_SNDMORE)) return fail(send_error(number));
  }
  auto envelope = copy_to_frame(schema::encode(message.envelope).view());
  if (const int number = send_frame(envelope, ZMQ_SNDMORE)) return fail(send_error(number));
  if (const int number = send_frame(*body, 0)) return fail(send_error(number));
  return {};
}

// Takes one whole message off the socket, and returns how many frames it had; nothing if there is
// no message. Frames past those wanted are read and forgotten.
std::optional<std::size_t> ZmqSocket::receive_frames(Frames& frames) {
  zmq::message_t surplus;
  std::size_t count = 0;
  for (bool more = true; more;) {
    zmq::message_t& frame = count < frames_wanted() ? frames.at(count) : surplus;
    if (zmq_msg_recv(frame.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() == EINTR) continue;
      return std::nullopt;
    }
    more = frame.more();
    ++count;
  }
  return count;
}

std::optional<Incoming> ZmqSocket::to_message(Frames& frames) const {
  const std::size_t first = frames_wanted() - 2;
  const std::string_view bytes = frames.at(first).to_string_view();
  if (bytes.size() > limits::kMaxEnvelopeBytes) return std::nullopt;
  auto envelope = schema::decode<schema::Envelope>(bytes);
  if (!envelope) return std::nullopt;
  // A subscription takes whatever its topic is a prefix of.
  if (role_ == SocketRole::sub && frames[0].to_string_view() != topic_) return std::nullopt;
  Incoming incoming;
  if (role_ == SocketRole::router) incoming.from.routing_id = frames[0].to_string();
  incoming.message.envelope = std::move(*envelope);
  incoming.message.body = to_buffer(std::move(frames.at(first + 1)));
  return incoming;
}

// Dropped messages count towards `most`, so that a flood of rubbish does not hold the loop either.
void ZmqSocket::receive(std::vector<Incoming>& into, std::size_t most) {
  if (role_ == SocketRole::pub) return;
  std::size_t bytes = 0;
  for (std::size_t taken = 0; taken < most && bytes < kMostReceivedBytes; ++taken) {
    Frames frames;
    const auto count = receive_frames(frames);
    if (!count) return;
    auto incoming = *count == frames_wanted() ? to_message(frames) : std::nullopt;
    if (incoming) {
      bytes += incoming->message.body.size();
      into.push_back(std::move(*incoming));
    } else {
      ++dropped_;
    }
  }
}

class ZmqPoller final : public Poller {
 public:
  // Closes `wake_fd`, an eventfd, when it goes.
  explicit ZmqPoller(int wake_fd) : wake_fd_(wake_fd) {
    items_.push_back({nullptr, wake_fd_, ZMQ_POLLIN, 0});
  }
  ~ZmqPoller() override { close(wake_fd_); }

  void add(Socket& socket) override {
    items_.push_back({static_cast<ZmqSocket&>(socket).handle(), 0, ZMQ_POLLIN, 0});
  }
  void remove(Socket& socket) override {
    void* handle = static_cast<ZmqSocket&>(socket).handle();
    std::erase_if(items_, [handle](const auto& item) { return item.socket == handle; });
  }
  void wait(Duration most) override;
  void wake() override {
    const std::uint64_t one = 1;
    // It can only fail because the counter is full, and then the poller wakes anyway.
    [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
  }

 private:
  const int wake_fd_;
  std::vector<zmq_pollitem_t> items_;
};

// Rounded up, so that a wait of less than a millisecond does not become a busy loop.
std::int64_t to_poll_ms(Duration most) {
  constexpr auto kLongest = std::chrono::hours(1);
  const Duration bounded = std::clamp<Duration>(most, Duration::zero(), kLongest);
  return std::chrono::ceil<std::chrono::milliseconds>(bounded).count();
}

void ZmqPoller::wait(Duration most) {
  // A signal ends the wait early, which callers take for a wake.
  zmq_poll(items_.data(), static_cast<int>(items_.size()), static_cast<long>(to_poll_ms(most)));
  std::uint64_t wakes = 0;
  [[maybe_unused]] const auto taken = read(wake_fd_, &wakes, sizeof wakes);
}

class ZmqBus final : public Bus {
 public:
  explicit ZmqBus(int io_threads) : io_threads_(io_threads) {}

  Result<std::unique_ptr<Socket>> bind_router(const std::string& endpoint) override {
    return bind(SocketRole::router, zmq::socket_type::router, endpoint);
  }
  Result<std::unique_ptr<Socket>> connect_dealer(const std::string& endpoint) override;
  Result<std::unique_ptr<Socket>> bind_pub(const std::string& endpoint) override {
    return bind(SocketRole::pub, zmq::socket_type::pub, endpoint);
  }
  Result<std::unique_ptr<Socket>> connect_sub(const std::string& endpoint,
                                              const std::string& topic) override;
  Result<std::unique_ptr<Poller>> make_poller() override;

 private:
  Status start();
  // The context, once there is room for a socket of it.
  Result<zmq::context_t*> context_for(const std::string& endpoint);
  Result<std::unique_ptr<Socket>> bind(SocketRole role, zmq::socket_type type,
                                       const std::string& endpoint);

  const int io_threads_;
  std::mutex mutex_;  // guards whether there is a context
  std::optional<zmq::context_t> context_;
};

// Its threads begin with its first socket: with one of no use, as long as there is room for them.
Status ZmqBus::start() {
  const std::lock_guard lock(mutex_);
  if (context_) return {};
  auto room = check_descriptors(context_descriptors(io_threads_) + 1, "ZeroMQ's threads");
  if (!room) return room;
  try {
    context_.emplace(io_threads_);
    context_->set(zmq::ctxopt::max_sockets, kMaxSockets);
    const zmq::socket_t first(*context_, zmq::socket_type::pair);
    return {};
  } catch (const zmq::error_t& error) {
    context_.reset();
    return fail(to_error(error, "ZeroMQ's threads"));
  }
}

Result<zmq::context_t*> ZmqBus::context_for(const std::string& endpoint) {
  if (auto started = start(); !started) return fail(std::move(started).error());
  if (auto room = check_descriptors(kSocketDescriptors, endpoint); !room) {
    return fail(std::move(room).error());
  }
  return &*context_;
}

Result<std::unique_ptr<Socket>> ZmqBus::bind(SocketRole role, zmq::socket_type type,
                                             const std::string& endpoint) {
  const auto context = context_for(endpoint);
  if (!context) return fail(context.error());
  try {
    zmq::socket_t socket(**context, type);
    apply_options(socket, role, endpoint);
    socket.bind(endpoint);
    auto bound = socket.get(zmq::sockopt::last_endpoint);
    return std::make_unique<ZmqSocket>(std::move(socket), role, std::move(bound));
  } catch (const zmq::error_t& error) {
    return fail(to_error(error, endpoint));
  }
}

Result<std::unique_ptr<Socket>> ZmqBus::connect_dealer(const std::string& endpoint) {
  const auto context = context_for(endpoint);
  if (!context) return fail(context.error());
  try {
    zmq::socket_t socket(**context, zmq::socket_type::dealer);
    apply_options(socket, SocketRole::dealer, endpoint);
    socket.connect(endpoint);
    return std::make_unique<ZmqSocket>(std::move(socket), SocketRole::dealer, endpoint);
  } catch (const zmq::error_t& error) {
    return fail(to_error(error, endpoint));
  }
}

// Subscribed before it connects, so that no connection lives without the subscription.
Result<std::unique_ptr<Socket>> ZmqBus::connect_sub(const std::string& endpoint,
                                                    const std::string& topic) {
  KIPU_CHECK(!topic.empty());
  const auto context = context_for(endpoint);
  if (!context) return fail(context.error());
  try {
    zmq::socket_t socket(**context, zmq::socket_type::sub);
    apply_options(socket, SocketRole::sub, endpoint);
    socket.set(zmq::sockopt::subscribe, topic);
    socket.connect(endpoint);
    return std::make_unique<ZmqSocket>(std::move(socket), SocketRole::sub, endpoint, topic);
  } catch (const zmq::error_t& error) {
    return fail(to_error(error, endpoint));
  }
}

Result<std::unique_ptr<Poller>> ZmqBus::make_poller() {
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd >= 0) return std::make_unique<ZmqPoller>(wake_fd);
  return fail(too_few_descriptors("a poller"));
}

}  // namespace

std::unique_ptr<Bus> make_zmq_bus(int io_threads) {
  return std::make_unique<ZmqBus>(io_threads);
}

}  // namespace kipu::bus
