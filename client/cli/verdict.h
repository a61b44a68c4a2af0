// Whether a cluster is well, and if not, why: what `status` leads with.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace kipu::cli {

struct Verdict {
  std::vector<std::string> reasons;  // each names what is wrong and where; none: healthy
  bool healthy() const { return reasons.empty(); }
};

// How far `replica` is behind all that the others have coordinated for it, as they last said: the
// sum of the entries, and the age of the oldest.
[[nodiscard]] ReplicaLag lag_of(const ClusterStatus& status, WorkerId replica);

[[nodiscard]] Verdict judge(const ClusterStatus& status);

}  // namespace kipu::cli
