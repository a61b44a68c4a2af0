// Between the bytes of a message and ZeroMQ's frames: small ones are copied, large ones pass
// without, in both directions. Included by the ZeroMQ bus only.
//
// Thread rule: one thread, except that ZeroMQ gives large frames back on a thread of its own;
// whatever that touches is atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <zmq.hpp>

#include "base/buffer.h"

namespace kipu::bus {

// A received frame up to this size is copied: it would otherwise pin the arena it arrived in.
inline constexpr std::size_t kCopyReceivedBytes = std::size_t{16} * 1024;
// A frame up to this size is copied when it is sent: it costs ZeroMQ more to hand back, and as many
// as a queue takes (bus/zmq_options.cc) are not much memory.
inline constexpr std::size_t kCopySentBytes = 512;

// Bytes of larger frames that ZeroMQ has not yet put on the wire, per peer and in all: a peer that
// stops reading costs only so much memory.
class SendBudget {
 public:
  // Given back when it dies, on any thread.
  class Reservation {
   public:
    using Counter = std::shared_ptr<std::atomic<std::size_t>>;
    Reservation(Counter peer, Counter total, std::size_t bytes);
    Reservation(Reservation&&) noexcept = default;
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

   private:
    Counter peer_;
    Counter total_;
    std::size_t bytes_;
  };

  static constexpr std::size_t kPeerBytes = std::size_t{32} * 1024 * 1024;
  static constexpr std::size_t kTotalBytes = std::size_t{256} * 1024 * 1024;

  // Nothing if `bytes` more would be too much.
  std::optional<Reservation> reserve(const std::string& peer, std::size_t bytes);

 private:
  void forget_idle_peers();

  Reservation::Counter total_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::map<std::string, Reservation::Counter> peers_;
};

// A copy of `bytes`, in a frame.
zmq::message_t copy_to_frame(std::string_view bytes);
// A frame of the very bytes of `bytes`, which live until ZeroMQ is done with them.
zmq::message_t hand_to_frame(Buffer bytes, SendBudget::Reservation reservation);
// The bytes of a received frame.
Buffer to_buffer(zmq::message_t frame);

}  // namespace kipu::bus
