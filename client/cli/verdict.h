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

[[nodiscard]] Verdict judge(const ClusterStatus& status);

}  // namespace kipu::cli
