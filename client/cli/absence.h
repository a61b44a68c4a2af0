// Why a worker is not there, in a sentence: what its supervisor says of it, or where to look.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "client/cli/told_processes.h"

namespace kipu::cli {

// Of a worker that is not alive and whose process is known. `now` is the clock of its host.
[[nodiscard]] std::string why_absent(const WorkerStatus& worker, const ToldProcess& process,
                                     WallTime now);

// Of a process whose worker nobody can tell, and that is down or has not come.
[[nodiscard]] std::string why_absent(const ToldProcess& process, WallTime now);

// Of a worker that is not alive and of whose process nothing is known.
[[nodiscard]] std::string where_to_look(const WorkerStatus& worker);

}  // namespace kipu::cli
