#include "bus/zmq_options.h"

#include "base/limits.h"

namespace kipu::bus {
namespace {

// High-water marks count messages, not bytes: SendBudget (bus/zmq_frames.h) bounds the bytes that
// wait to be sent, and the receiver's mark is small where the peer is not trusted.
constexpr int kSendQueueMessages = 16'384;
constexpr int kRouterReceiveQueueMessages = 32;
constexpr int kDealerReceiveQueueMessages = 4'096;
constexpr int kSubReceiveQueueMessages = 1'024;

// A connection whose other end is gone, or cannot be reached for so long, is given up, so that its
// routing id becomes undeliverable. The kernel sees to that, whether the connection is idle
// (keepalive) or not (retransmissions). ZeroMQ's own heartbeats stay off: libzmq 4.3.4 aborts where
// one falls due on a connection that broke while its receive queue was full (`!_io_error`). Who is
// connected and yet does nothing is for those to judge who wait for answers; only who reads nothing
// for so long, with something to read, is to the kernel as one that cannot be reached.
constexpr int kKeepaliveSeconds = 1;
constexpr int kKeepaliveProbes = 4;
constexpr int kUnreachableMs = 5'000;
constexpr int kHandshakeMs = 5'000;  // for who connects and then says nothing
constexpr int kConnectMs = 5'000;
constexpr int kReconnectMs = 50;
constexpr int kReconnectMaxMs = 1'000;
constexpr int kBacklog = 1'024;
// How long a closing process waits for its last replies to leave. A dealer waits less: what it has
// not sent to an absent peer is not worth a user's time. What is published may be lost anyway.
constexpr int kRouterLingerMs = 1'000;
constexpr int kDealerLingerMs = 250;
constexpr int kStreamLingerMs = 0;

bool is_bound(SocketRole role) {
  return role == SocketRole::router || role == SocketRole::pub;
}

int receive_queue_of(SocketRole role) {
  switch (role) {
    case SocketRole::router:
      return kRouterReceiveQueueMessages;
    case SocketRole::dealer:
      return kDealerReceiveQueueMessages;
    case SocketRole::pub:  // receives subscriptions only, which the library takes by itself
    case SocketRole::sub:
      break;
  }
  return kSubReceiveQueueMessages;
}

int linger_of(SocketRole role) {
  if (role == SocketRole::router) return kRouterLingerMs;
  return role == SocketRole::dealer ? kDealerLingerMs : kStreamLingerMs;
}

void apply_limits(zmq::socket_t& socket, SocketRole role) {
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::kMaxBodyBytes));
  socket.set(zmq::sockopt::sndhwm, kSendQueueMessages);
  socket.set(zmq::sockopt::rcvhwm, receive_queue_of(role));
  socket.set(zmq::sockopt::linger, linger_of(role));
}

void apply_liveness(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, kKeepaliveSeconds);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, kKeepaliveSeconds);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, kKeepaliveProbes);
  socket.set(zmq::sockopt::tcp_maxrt, kUnreachableMs);
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  socket.set(zmq::sockopt::connect_timeout, kConnectMs);
  socket.set(zmq::sockopt::reconnect_ivl, kReconnectMs);
  socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMs);
}

}  // namespace

void apply_options(zmq::socket_t& socket, SocketRole role, const std::string& endpoint) {
  apply_limits(socket, role);
  apply_liveness(socket);
  // With IPv6 on, a name may resolve to an address that nobody listens on: only where it is meant.
  socket.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
  if (is_bound(role)) socket.set(zmq::sockopt::backlog, kBacklog);
  if (role == SocketRole::router) {
    socket.set(zmq::sockopt::router_mandatory, true);  // an unroutable message is an error
    socket.set(zmq::sockopt::router_handover, false);  // nobody takes another's routing id
  }
  // Queue while the peer is away. What arrives late is judged by its remaining time, and a retry
  // is idempotent; the alternative loses what was queued at each reconnect.
  if (role == SocketRole::dealer) socket.set(zmq::sockopt::immediate, false);
}

}  // namespace kipu::bus
