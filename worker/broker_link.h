// When a worker says hello to its broker, and when it sends a heartbeat. Hello until welcomed, then
// heartbeats; hello again once too many of those went unanswered, or the broker does not know us.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace kipu::worker {

class BrokerLink {
 public:
  enum class Due : std::uint8_t { nothing, hello, heartbeat };

  // `first_request` keeps the answers to a former process of this worker apart from ours.
  BrokerLink(Duration heartbeat, std::uint32_t missed, std::uint64_t first_request, Instant now);

  // What to send now. It counts as sent, under request_id().
  Due due(Instant now);
  std::uint64_t request_id() const { return request_; }
  // When due() has something at the latest.
  Instant next() const { return next_; }

  // Whether `request` is a hello that has not been answered yet.
  bool answers_hello(std::uint64_t request) const;
  void welcomed(Instant now);
  // A heartbeat was answered by a broker that knows us.
  void heard() { unanswered_ = 0; }
  // The next heartbeat is due at once.
  void hurry(Instant now) {
    if (welcomed_) next_ = now;
  }
  // A broker answered that does not know us. A hello that is under way is not repeated for it.
  void forgotten(Instant now);

 private:
  const Duration heartbeat_;
  const std::uint32_t missed_;
  std::uint64_t request_;
  std::uint64_t first_hello_;  // of the hellos said since the last welcome
  std::uint32_t unanswered_ = 0;
  bool welcomed_ = false;
  Instant next_;
};

}  // namespace kipu::worker
