#include "client/cli/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kipu::cli {

void LatencyHistogram::record(Duration latency) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
  ++counts_[bucket_of(nanoseconds)];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

Duration LatencyHistogram::percentile(double fraction) const {
  if (count_ == 0) return Duration::zero();
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return Duration(static_cast<std::int64_t>(std::min(highest_in(i), max_)));
    }
  }
  return Duration(static_cast<std::int64_t>(max_));
}

Latencies LatencyHistogram::summary() const {
  return {percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
          Duration(static_cast<std::int64_t>(max_))};
}

// The first 2^kSubBits buckets are one nanosecond wide; each later group of half as many doubles.
std::size_t LatencyHistogram::bucket_of(std::uint64_t nanoseconds) {
  const auto bits = static_cast<unsigned>(std::bit_width(nanoseconds));
  if (bits <= kSubBits) return static_cast<std::size_t>(nanoseconds);
  const unsigned shift = bits - kSubBits;
  const std::uint64_t top = nanoseconds >> shift;  // in [2^(kSubBits-1), 2^kSubBits)
  return (std::size_t{shift} << (kSubBits - 1)) + static_cast<std::size_t>(top);
}

std::uint64_t LatencyHistogram::highest_in(std::size_t bucket) {
  constexpr std::size_t kHalf = std::size_t{1} << (kSubBits - 1);
  if (bucket < 2 * kHalf) return bucket;
  const std::size_t shift = bucket / kHalf - 1;
  const std::size_t top = bucket - shift * kHalf;
  return ((static_cast<std::uint64_t>(top) + 1) << shift) - 1;
}

}  // namespace kipu::cli
