// The bus over ZeroMQ: tcp://, ipc:// and inproc:// endpoints.
#pragma once

#include <memory>

#include "bus/bus.h"

namespace kipu::bus {

// One per process (a ZeroMQ context). Fork before it exists. Sockets must be gone before it.
[[nodiscard]] std::unique_ptr<Bus> make_zmq_bus(int io_threads = 1);

}  // namespace kipu::bus
