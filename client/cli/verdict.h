// Whether a cluster is well, and if not, why: what `status` leads with.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "client/cli/told_processes.h"

namespace kipu::cli {

struct Verdict {
  std::vector<std::string> reasons;  // each names what is wrong and where; none: healthy
  bool healthy() const { return reasons.empty(); }
};

// How far `replica` is behind all that the others have coordinated for it, as they last said: the
// sum of the entries, and the age of the oldest.
[[nodiscard]] ReplicaLag lag_of(const ClusterStatus& status, WorkerId replica);

// What people call a worker: by its id; before a map gives it one, by its process, or by its store.
[[nodiscard]] std::string name_of(const WorkerStatus& worker, const ToldProcesses& processes);

// `processes`: what `status.processes` says.
[[nodiscard]] Verdict judge(const ClusterStatus& status, const ToldProcesses& processes = {});

}  // namespace kipu::cli
