// Which store is replaced by `worker replace`, and whether anything is lost by it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/process_report.h"
#include "client/cli/worker_folder.h"

namespace kipu::cli {

// A worker of a cluster in a directory of this machine.
struct ReplaceTarget {
  std::string folder;  // worker-2
  std::string worker;  // w2, or nothing before the cluster is born
  StoreId store;       // that it had
};

// `id` is w2, as the map has it, or the name of a folder. `invalid_argument` if nobody is called
// so, `unsupported` if nothing says which store, or which folder, was its.
[[nodiscard]] Result<ReplaceTarget> find_target(std::string_view id,
                                                const std::vector<WorkerFolder>& workers,
                                                const StoreNames& stores, const ShownStore& map);

// Of the other workers, those that may lack what they should hold, with the reason. `processes` is
// what a supervisor says of them, if one runs.
[[nodiscard]] std::vector<std::string> others_that_lack(const ReplaceTarget& target,
                                                        const std::vector<WorkerFolder>& workers,
                                                        const StoreNames& stores,
                                                        const ShownStore& map,
                                                        const ProcessReport& processes);

// Whether what was acknowledged by a majority of `replicas` is still held by one of them when the
// stores of so many workers are lost.
[[nodiscard]] constexpr bool survives(std::uint32_t replicas, std::size_t lost) {
  return lost < replicas / 2 + 1;
}

}  // namespace kipu::cli
