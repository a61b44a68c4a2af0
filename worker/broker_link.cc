#include "worker/broker_link.h"

namespace kipu::worker {

BrokerLink::BrokerLink(Duration heartbeat, std::uint32_t missed, std::uint64_t first_request,
                       Instant now)
    : heartbeat_(heartbeat),
      missed_(missed),
      request_(first_request),
      first_hello_(first_request + 1),
      next_(now) {}

BrokerLink::Due BrokerLink::due(Instant now) {
  if (now < next_) return Due::nothing;
  if (welcomed_ && unanswered_ >= missed_) forgotten(now);
  ++request_;
  if (!welcomed_) {
    // A hello carries the whole map, so it is not repeated as often as a heartbeat.
    next_ = now + heartbeat_ * missed_;
    return Due::hello;
  }
  ++unanswered_;
  next_ = now + heartbeat_;
  return Due::heartbeat;
}

bool BrokerLink::answers_hello(std::uint64_t request) const {
  return !welcomed_ && request >= first_hello_ && request <= request_;
}

void BrokerLink::welcomed(Instant now) {
  welcomed_ = true;
  unanswered_ = 0;
  next_ = now;
}

void BrokerLink::forgotten(Instant now) {
  if (!welcomed_) return;
  welcomed_ = false;
  first_hello_ = request_ + 1;
  next_ = now;
}

}  // namespace kipu::worker
