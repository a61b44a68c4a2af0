// The one ZeroMQ bus of the process, shared by every client and every embedded store in it.
#pragma once

#include "bus/bus.h"

namespace kipu::client {

// Made by the first call; lives as long as the process. Any thread.
[[nodiscard]] bus::Bus& shared_bus();

}  // namespace kipu::client
