// Opening a client, or only asking for the status, over any bus: for Client::connect, embedded
// stores and tests.
#pragma once

#include <memory>

#include "base/result.h"
#include "bus/bus.h"
#include "kipu/client.h"

namespace kipu::client {

// As Client::connect, over `bus`, which outlives the client. `keeper` is let go once the client
// has closed.
[[nodiscard]] Result<Client> open(bus::Bus& bus, const ClientOptions& options,
                                  std::shared_ptr<void> keeper);

// As Client::ask_status, over `bus`.
[[nodiscard]] Result<ClusterStatus> ask_status(bus::Bus& bus, const ClientOptions& options);

}  // namespace kipu::client
