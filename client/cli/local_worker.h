// The cluster in a directory of this machine, and one of its workers, for the commands that act on
// a worker's store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "client/cli/process_report.h"
#include "client/cli/worker_folder.h"

namespace kipu::cli {

// All that is known of it.
struct LocalCluster {
  ClusterRecord record;
  ShownStore map;
  std::vector<WorkerFolder> workers;
  StoreNames stores;
  ProcessReport processes;  // of a supervisor that runs
};

// Whether a cluster of `kipu up` is there. `io_error` if nobody may say so.
[[nodiscard]] Result<bool> is_cluster(const ClusterFolder& folder);

// `corrupt` if neither its record nor its stores say enough.
[[nodiscard]] Result<LocalCluster> look_at_cluster(const ClusterFolder& folder,
                                                   const Programs& programs);

// What its supervisor says. Nothing if none says anything.
[[nodiscard]] std::optional<ProcessReport> report_of(const ClusterFolder& folder);

// Where it is served, or nothing.
[[nodiscard]] std::string endpoint_of(const ClusterFolder& folder);

// A worker of a cluster in a directory of this machine.
struct LocalWorker {
  std::string folder;  // worker-2
  std::string worker;  // w2, or nothing before the cluster is born
  StoreId store;       // that it had
};

// `id` is w2, as the map has it, or the name of a folder. `invalid_argument` if nobody is called
// so, `unsupported` if nothing says which store, or which folder, was its.
[[nodiscard]] Result<LocalWorker> find_local_worker(std::string_view id,
                                                    const std::vector<WorkerFolder>& workers,
                                                    const StoreNames& stores,
                                                    const ShownStore& map);

// Has the supervisor start it now, and waits until it runs. The process, or 0 if no supervisor
// runs; `unavailable` if it does not come.
[[nodiscard]] Result<pid_t> have_started(const ClusterFolder& folder, const LocalWorker& worker);

}  // namespace kipu::cli
