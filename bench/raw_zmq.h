// The bus's own ceiling: the same frames through a ROUTER-DEALER proxy to an echo and back, with no
// Kipu around it.
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"

namespace kipu::bench {

// The two frames of an append request, as Kipu's client sends them.
struct Frames {
  std::string envelope;
  std::string body;
};
[[nodiscard]] Frames append_frames(std::size_t entries);

// p50 in microseconds of one round trip over TCP on loopback.
[[nodiscard]] double echo_round_trip(const Frames& frames, Duration length);

// Messages per second with `window` of them under way.
[[nodiscard]] double echo_throughput(const Frames& frames, std::size_t window, Duration length);

}  // namespace kipu::bench
