// After an open, a store may be an old copy of itself, and only others can tell: no quorum read is
// served before it has compared standings with every peer that is there.
//
// Thread rule: one thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"

namespace kipu::worker {

class OpenCheck {
 public:
  // Peers that are not heard of within `patience` of the lease are not waited for.
  explicit OpenCheck(Duration patience) : patience_(patience) {}

  // `peers` has pairs whose first is a StoreId; `alive` and `compared` say of one whether it lives,
  // and whether its standing came and was looked at. Once true, it stays so.
  template <class Peers, class Alive, class Compared>
  bool passed(Instant now, bool lease, const Peers& peers, Alive alive, Compared compared) {
    if (passed_) return true;
    if (!lease) return false;
    if (first_lease_ == Instant::never()) first_lease_ = now;
    const bool waited = now >= first_lease_ + patience_;
    for (const auto& peer : peers) {
      if (compared(peer.first)) continue;
      if (!waited || alive(peer.first)) return false;
    }
    passed_ = true;
    return true;
  }

 private:
  const Duration patience_;
  Instant first_lease_ = Instant::never();
  bool passed_ = false;
};

}  // namespace kipu::worker
