#include "bus/zmq_frames.h"

#include <utility>

namespace kipu::bus {
namespace {

constexpr std::size_t kMaxPeersRemembered = 1'024;

struct Lent {
  Buffer bytes;
  SendBudget::Reservation reservation;
};

// Called by ZeroMQ, on one of its threads.
void give_back(void* /*data*/, void* hint) {
  delete static_cast<Lent*>(hint);
}

}  // namespace

SendBudget::Reservation::Reservation(Counter peer, Counter total, std::size_t bytes)
    : peer_(std::move(peer)), total_(std::move(total)), bytes_(bytes) {
  *peer_ += bytes_;
  *total_ += bytes_;
}

SendBudget::Reservation::~Reservation() {
  if (!peer_) return;  // moved from
  *peer_ -= bytes_;
  *total_ -= bytes_;
}

std::optional<SendBudget::Reservation> SendBudget::reserve(const std::string& peer,
                                                           std::size_t bytes) {
  if (*total_ + bytes > kTotalBytes) return std::nullopt;
  if (peers_.size() >= kMaxPeersRemembered) forget_idle_peers();
  Reservation::Counter& counter = peers_[peer];
  if (!counter) counter = std::make_shared<std::atomic<std::size_t>>(0);
  if (*counter + bytes > kPeerBytes) return std::nullopt;
  return Reservation(counter, total_, bytes);
}

void SendBudget::forget_idle_peers() {
  std::erase_if(peers_, [](const auto& peer) { return *peer.second == 0; });
}

zmq::message_t copy_to_frame(std::string_view bytes) {
  return zmq::message_t(bytes.data(), bytes.size());
}

zmq::message_t hand_to_frame(Buffer bytes, SendBudget::Reservation reservation) {
  auto lent = std::make_unique<Lent>(Lent{std::move(bytes), std::move(reservation)});
  const std::string_view view = lent->bytes.view();
  // ZeroMQ's interface is not const, but it only reads what it sends.
  zmq::message_t frame(const_cast<char*>(view.data()), view.size(), give_back, lent.get());
  lent.release();  // NOLINT(bugprone-unused-return-value): owned by the frame now
  return frame;
}

Buffer to_buffer(zmq::message_t frame) {
  if (frame.size() <= kCopyReceivedBytes) return Buffer(frame.to_string());
  return Buffer::adopt(std::move(frame), [](zmq::message_t& held) {
    return std::string_view(held.data<char>(), held.size());
  });
}

}  // namespace kipu::bus
