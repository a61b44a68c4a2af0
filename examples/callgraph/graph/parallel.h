// Many requests at once, from one call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kipu/client.h"

namespace callgraph {

// So many requests are on their way at once: what several workers and their disks answer together.
inline constexpr std::size_t kRequestsAtOnce = 16;

// Calls `work(i)` for each i below `count`, several at once, from threads of its own; `work`
// returns a Status. Returns the first error, after which no more is begun.
template <class Work>
kipu::Status in_parallel(std::size_t count, Work work) {
  if (count == 1) return work(std::size_t{0});
  std::atomic<std::size_t> next{0};
  std::mutex mutex;  // guards `failed`
  std::optional<kipu::Error> failed;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      kipu::Status done = work(i);
      if (done) continue;
      const std::lock_guard lock(mutex);
      if (!failed) failed = std::move(done.error());
      next = count;
    }
  };
  {
    std::vector<std::jthread> threads(std::min(count, kRequestsAtOnce));
    for (std::jthread& thread : threads) thread = std::jthread(run);
  }
  if (failed) return kipu::fail(std::move(*failed));
  return {};
}

}  // namespace callgraph
