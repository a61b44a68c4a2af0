// Kipu itself, through its public client, as its users have it.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "kipu/client.h"

namespace kipu::bench {

// Appends per second with as many under way as the client takes; each is acknowledged.
[[nodiscard]] Result<double> batched_appends(Client& client, Duration length);

// p50 in microseconds of one append at a time.
[[nodiscard]] Result<double> single_appends(Client& client, Duration length);

}  // namespace kipu::bench
