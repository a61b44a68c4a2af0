#include "bench/raw_zmq.h"

#include <atomic>
#include <string>
#include <thread>

#include <zmq.hpp>

#include "bench/figures.h"
#include "schema/codec.h"

namespace kipu::bench {
namespace {

// A proxy and an echo on threads of their own, from construction to destruction.
class Echo {
 public:
  Echo() {
    frontend_.bind("tcp://127.0.0.1:*");
    backend_.bind("tcp://127.0.0.1:*");
    control_.bind("inproc://control");
    proxy_ = std::thread([this] {
      zmq::socket_t control(context_, zmq::socket_type::pair);
      control.connect("inproc://control");
      zmq::proxy_steerable(zmq::socket_ref(frontend_), zmq::socket_ref(backend_), zmq::socket_ref(),
                           zmq::socket_ref(control));
    });
    echo_ = std::thread([this] { serve(); });
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  ~Echo() {
    control_.send(zmq::str_buffer("TERMINATE"), zmq::send_flags::none);
    proxy_.join();
    stop_ = true;
    echo_.join();
  }

  zmq::socket_t client() {
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    socket.connect(frontend_.get(zmq::sockopt::last_endpoint));
    return socket;
  }

 private:
  void serve() {
    zmq::socket_t socket(context_, zmq::socket_type::router);
    socket.set(zmq::sockopt::rcvtimeo, 50);
    socket.connect(backend_.get(zmq::sockopt::last_endpoint));
    while (!stop_) {
      zmq::message_t part;
      if (!socket.recv(part, zmq::recv_flags::none)) continue;
      bool more = part.more();
      socket.send(part, more ? zmq::send_flags::sndmore : zmq::send_flags::none);
      while (more) {
        (void)socket.recv(part, zmq::recv_flags::none);
        more = part.more();
        socket.send(part, more ? zmq::send_flags::sndmore : zmq::send_flags::none);
      }
    }
  }

  zmq::context_t context_;
  zmq::socket_t frontend_{context_, zmq::socket_type::router};
  zmq::socket_t backend_{context_, zmq::socket_type::dealer};
  zmq::socket_t control_{context_, zmq::socket_type::pair};
  std::atomic<bool> stop_ = false;
  std::thread proxy_;
  std::thread echo_;
};

void send(zmq::socket_t& socket, const Frames& frames) {
  socket.send(zmq::buffer(frames.envelope), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(frames.body), zmq::send_flags::none);
}

void receive(zmq::socket_t& socket) {
  zmq::message_t part;
  do {
    (void)socket.recv(part, zmq::recv_flags::none);
  } while (part.more());
}

}  // namespace

Frames append_frames(std::size_t entries) {
  schema::AppendRequest request;
  for (std::size_t i = 0; i < entries; ++i) request.entries.push_back(record(i));
  schema::Envelope envelope;
  envelope.kind = schema::MessageKind::append;
  envelope.destination = WorkerId{1};
  return {std::string(schema::encode(envelope).view()),
          std::string(schema::encode(request).view())};
}

double echo_round_trip(const Frames& frames, Duration length) {
  Echo echo;
  zmq::socket_t socket = echo.client();
  Latencies latencies;
  for (const Duration end = clock() + length; clock() < end;) {
    const Duration begun = clock();
    send(socket, frames);
    receive(socket);
    latencies.add(clock() - begun);
  }
  return latencies.percentile(0.5);
}

double echo_throughput(const Frames& frames, std::size_t window, Duration length) {
  Echo echo;
  zmq::socket_t socket = echo.client();
  for (std::size_t i = 0; i < window; ++i) send(socket, frames);
  std::uint64_t done = 0;
  const Duration begun = clock();
  while (clock() - begun < length) {
    receive(socket);
    send(socket, frames);
    ++done;
  }
  const Duration took = clock() - begun;
  for (std::size_t i = 0; i < window; ++i) receive(socket);
  return per_second(done, took);
}

}  // namespace kipu::bench
