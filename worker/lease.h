// What lets a worker coordinate, acknowledge and serve quorum reads: the broker's word that it
// knows this worker, and only for a while from when the worker asked. So the map may go on without
// a worker once that time has passed, however long the worker was paused.
//
// Thread rule: one thread.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace kipu::worker {

class Lease {
 public:
  explicit Lease(Duration length) : length_(length) {}

  // The broker answered what was sent at `sent`. Answers may come in any order; one of the future
  // answers nothing that this process sent.
  void granted(Instant sent, Instant now) {
    if (sent <= now) until_ = std::max(until_, sent + length_);
  }
  bool holds(Instant now) const { return now < until_; }
  Instant until() const { return until_; }

 private:
  const Duration length_;
  Instant until_;
};

}  // namespace kipu::worker
