#include "client/shared_bus.h"

#include "bus/zmq_bus.h"

namespace kipu::client {

// The one object of static life in the library. A process must not have two ZeroMQ contexts
// (several with CURVE crash; inproc:// endpoints live in one), and a caller should not have to know
// of them. It is never destroyed: ending a context waits for its sockets, and a client that is
// itself static could still hold some when the process exits.
bus::Bus& shared_bus() {
  static bus::Bus& bus = *bus::make_zmq_bus().release();
  return bus;
}

}  // namespace kipu::client
