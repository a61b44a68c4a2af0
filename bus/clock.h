// The clocks of this machine: for runtimes, which tell their machines the time.
#pragma once

#include "base/time.h"

namespace kipu::bus {

[[nodiscard]] Now read_clocks();

}  // namespace kipu::bus
