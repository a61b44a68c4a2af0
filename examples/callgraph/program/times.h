// Points in time as people type them.
#pragma once

#include <string_view>

#include "kipu/client.h"

namespace callgraph {

// What lies before the end of the time that is named: of the day 2026-05-06, of the minute
// 2026-05-06T07:08, the second 2026-05-06T07:08:09, or the millisecond 2026-05-06T07:08:09.123, in
// UTC, with or without a Z; or of the moment so long ago: 90s, 15m, 3h, 2d. `invalid_argument`
// otherwise.
[[nodiscard]] kipu::Result<kipu::StampTime> end_of(std::string_view text, kipu::WallTime now);

}  // namespace callgraph
