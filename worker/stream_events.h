// What the streams tell a worker about itself and its peers, and others in it must act on.
#pragma once

#include <variant>

#include "base/ids.h"
#include "base/position.h"

namespace kipu::worker {

// `origin` cannot say what follows our cursor. Everything up to `head` is to be had by reconciling
// with it what is shared; until then its stream rests (Follower::reconciled).
struct Trimmed {
  StoreId origin;
  Position head;
  friend bool operator==(const Trimmed&, const Trimmed&) = default;
};

// `peer` stands behind what it had acknowledged to this store: it has lost something.
struct PeerLost {
  StoreId peer;
  friend bool operator==(const PeerLost&, const PeerLost&) = default;
};

// `peer` remembers of this store what this store does not: it has lost something. `remembered`: on
// the stream of `peer`, which rests until what is shared with it has been walked through, as after
// Trimmed; none if it is this store's own stream that lost something, of the run `own`.
struct SelfLost {
  StoreId peer;
  Position remembered = {};
  std::uint64_t own = 0;
  friend bool operator==(const SelfLost&, const SelfLost&) = default;
};

using StreamEvent = std::variant<Trimmed, PeerLost, SelfLost>;

}  // namespace kipu::worker
