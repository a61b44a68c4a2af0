// A bus within one process, of mutexes and queues: for runtimes under the thread sanitizer, which
// cannot see into ZeroMQ. Endpoints are any strings.
#pragma once

#include <memory>

#include "bus/bus.h"

namespace kipu::bus {

[[nodiscard]] std::unique_ptr<Bus> make_process_bus();

}  // namespace kipu::bus
