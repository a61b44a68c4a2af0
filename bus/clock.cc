#include "bus/clock.h"

#include <chrono>

namespace kipu::bus {

Now read_clocks() {
  return {Instant::since_start(std::chrono::steady_clock::now().time_since_epoch()),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace kipu::bus
