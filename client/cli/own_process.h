// Processes that files of a cluster's directory name, and whether they are still those.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/cluster_folder.h"

namespace kipu::cli {

// The process that runs the broker or worker `name` of this directory. Nothing if none does: a
// number in pids/ may be another process's by now, so its command line is asked.
[[nodiscard]] std::optional<pid_t> running_daemon(const ClusterFolder& folder,
                                                  const std::string& name);

// The names in pids/ of which a process runs.
[[nodiscard]] std::vector<std::string> running_daemons(const ClusterFolder& folder);

// Whether `pid` has the lock of `folder` open, as its supervisor has.
[[nodiscard]] bool has_lock_open(const ClusterFolder& folder, pid_t pid);

// Waits until the process has ended. False if it has not in time.
[[nodiscard]] bool wait_for_end(pid_t pid, std::chrono::milliseconds within);

// As in `/proc/PID/status`: R, S, D (waits for a disk), T (stopped), Z; a blank if it has ended.
[[nodiscard]] char state_of_process(pid_t pid);

// Whether a signal was sent to the process and not yet taken by it.
[[nodiscard]] bool is_pending(pid_t pid, int signal);

}  // namespace kipu::cli
