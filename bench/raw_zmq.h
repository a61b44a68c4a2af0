// The bus's own ceiling: the same frames through a ROUTER-DEALER proxy to an echo and back, with no
// Kipu around it.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace kipu::bench {

// p50 in microseconds of one round trip of one append's frames over TCP on loopback.
[[nodiscard]] double echo_round_trip(std::size_t body_bytes, Duration length);

// Messages per second with `window` of them under way.
[[nodiscard]] double echo_throughput(std::size_t body_bytes, std::size_t window, Duration length);

}  // namespace kipu::bench
