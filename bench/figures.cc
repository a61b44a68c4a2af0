#include "bench/figures.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace kipu::bench {

std::string record_key(std::uint64_t number) {
  // Multiplied by a prime, so that keys come in no order.
  return fmt::format("device-{:08}", number * 7919 % kKeys);
}

std::string record_value(std::uint64_t number) {
  // Half of it random-like, so that compression finds about what it finds in real records.
  std::string value;
  for (std::uint64_t part = 0; value.size() < kValueBytes / 2; ++part) {
    value += fmt::format("{:016x}", (number + part) * 0x9e3779b97f4a7c15U);
  }
  value.resize(kValueBytes, 'v');
  return value;
}

Entry record(std::uint64_t number) {
  return make_entry("default", record_key(number), Stamp{StampTime(number + 1), 1},
                    EntryKind::append, {record_value(number)});
}

Duration clock() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

double Latencies::percentile(double share) {
  if (seen_.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(seen_.size() - 1));
  std::nth_element(seen_.begin(), seen_.begin() + rank, seen_.end());
  return std::chrono::duration<double, std::micro>(seen_[static_cast<std::size_t>(rank)]).count();
}

}  // namespace kipu::bench
