// Kipu itself, through its public client, as its users have it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "kipu/client.h"

namespace kipu::bench {

struct BatchedAppends {
  std::uint64_t acknowledged = 0;  // all that were sent
  double per_second = 0;
};

// With as many under way as the client takes.
[[nodiscard]] Result<BatchedAppends> batched_appends(Client& client, Duration length);

// p50 in microseconds of one append at a time.
[[nodiscard]] Result<double> single_appends(Client& client, Duration length);

}  // namespace kipu::bench
