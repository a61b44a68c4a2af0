// A histogram of latencies in constant memory (after HdrHistogram, Tene): buckets whose width grows
// with the value, so that each percentile is exact to about 3 %.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"
#include "client/cli/results.h"

namespace kipu::cli {

class LatencyHistogram {
 public:
  void record(Duration latency);
  void merge(const LatencyHistogram& other);
  std::uint64_t count() const { return count_; }
  // The latency that `fraction` of those recorded do not exceed; zero if there are none.
  Duration percentile(double fraction) const;
  Latencies summary() const;

 private:
  static constexpr unsigned kSubBits = 5;  // 32 buckets for each power of two
  static constexpr std::size_t kBuckets = std::size_t{64} << kSubBits;
  static std::size_t bucket_of(std::uint64_t nanoseconds);
  static std::uint64_t highest_in(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace kipu::cli
