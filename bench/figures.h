// What the benchmarks measure with: records, latencies, and a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/time.h"

namespace kipu::bench {

// The records that every peer stores: 100-byte values under 10,000 keys, as an importer has them.
inline constexpr std::size_t kValueBytes = 100;
inline constexpr std::size_t kKeys = 10'000;

[[nodiscard]] std::string record_key(std::uint64_t number);
[[nodiscard]] std::string record_value(std::uint64_t number);
[[nodiscard]] Entry record(std::uint64_t number);

[[nodiscard]] Duration clock();  // steady

// Latencies of one run; asked for percentiles once it is over.
class Latencies {
 public:
  void add(Duration latency) { seen_.push_back(latency); }
  // In microseconds; 0 without any. `share` from 0 to 1.
  [[nodiscard]] double percentile(double share);
  [[nodiscard]] std::size_t count() const { return seen_.size(); }

 private:
  std::vector<Duration> seen_;
};

[[nodiscard]] inline double per_second(std::uint64_t done, Duration took) {
  return static_cast<double>(done) / std::chrono::duration<double>(took).count();
}

}  // namespace kipu::bench
