// Whether anything is lost by `worker replace`.
#pragma once

#include <string>
#include <vector>

#include "client/cli/local_worker.h"

namespace kipu::cli {

// Of the other workers, those that may lack what they should hold, with the reason. `processes` is
// what a supervisor says of them, if one runs.
[[nodiscard]] std::vector<std::string> others_that_lack(const LocalWorker& target,
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
