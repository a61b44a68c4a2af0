// The workers that a client passes over for a while, because one of them left a request unanswered
// or said that it cannot serve. A replica of the same partition is asked instead, and so the client
// need not wait until the broker notices.
//
// Thread rule: one thread.
#pragma once

#include <map>

#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::client {

// Whether an answer with this code, to a request that names its worker, means that another replica
// may do better.
[[nodiscard]] bool accuses(ErrorCode code);

class Suspects {
 public:
  // How long a suspicion lasts, from the last cause.
  explicit Suspects(Duration length) : length_(length) {}

  // True if `worker` was not suspect before.
  bool raise(WorkerId worker, Instant now);
  bool contains(WorkerId worker, Instant now) const;
  // The first that is not suspect; if all are, the one that has been for the longest.
  // REQUIRES: `replicas` is not empty.
  WorkerId choose(const schema::Replicas& replicas, Instant now) const;

 private:
  const Duration length_;
  std::map<WorkerId, Instant> until_;  // some may have passed
};

}  // namespace kipu::client
