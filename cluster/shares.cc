#include "cluster/shares.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace kipu::cluster {
namespace {

// Shares are counted in units of 2^-32 replicas, so that every machine computes the same ones. The
// largest sum, of 1,024 workers with 65,536 partitions, takes 58 bits.
using Fixed = std::uint64_t;
constexpr unsigned kFractionBits = 32;
constexpr Fixed kFractionMask = (Fixed{1} << kFractionBits) - 1;

Fixed fixed(std::uint64_t whole) {
  return whole << kFractionBits;
}

struct ZoneBounds {
  Fixed least;
  Fixed most;
};

class Shares {
 public:
  Shares(const Shareholders& holders, std::uint32_t replicas, std::uint32_t partitions);

  std::vector<std::uint32_t> quotas() const;

 private:
  Fixed worker_share(std::size_t worker, Fixed level) const;
  Fixed zone_sum(std::size_t zone, Fixed level) const;
  Fixed bounded_zone_sum(std::size_t zone, Fixed level) const;
  Fixed sum(Fixed level) const;

  // The highest level at which `sum_at` does not pass `most`: levels end where all are capped.
  template <class SumAt>
  Fixed highest_level(Fixed most, SumAt sum_at) const;

  const Shareholders& holders_;
  const std::uint32_t replicas_;
  const std::uint32_t partitions_;
  std::vector<std::vector<std::size_t>> members_;  // of each zone
  std::vector<ZoneBounds> bounds_;
};

Shares::Shares(const Shareholders& holders, std::uint32_t replicas, std::uint32_t partitions)
    : holders_(holders),
      replicas_(replicas),
      partitions_(partitions),
      members_(holders.zone_count) {
  for (std::size_t worker = 0; worker < holders.zones.size(); ++worker) {
    members_[holders.zones[worker]].push_back(worker);
  }
  const bool zones_suffice = holders.zone_count >= replicas;
  const std::uint64_t spare = zones_suffice ? 0 : replicas - holders.zone_count;
  for (const auto& members : members_) {
    const std::uint64_t most = std::min<std::uint64_t>(members.size(), 1 + spare);
    bounds_.push_back({zones_suffice ? 0 : fixed(partitions), fixed(partitions) * most});
  }
}

Fixed Shares::worker_share(std::size_t worker, Fixed level) const {
  const Fixed cap = fixed(partitions_);
  const Fixed weight = holders_.weights[worker];
  return level >= cap / weight ? std::min(cap, level * weight) : level * weight;
}

Fixed Shares::zone_sum(std::size_t zone, Fixed level) const {
  Fixed total = 0;
  for (const std::size_t worker : members_[zone]) total += worker_share(worker, level);
  return total;
}

Fixed Shares::bounded_zone_sum(std::size_t zone, Fixed level) const {
  return std::clamp(zone_sum(zone, level), bounds_[zone].least, bounds_[zone].most);
}

Fixed Shares::sum(Fixed level) const {
  Fixed total = 0;
  for (std::size_t zone = 0; zone < members_.size(); ++zone) total += bounded_zone_sum(zone, level);
  return total;
}

template <class SumAt>
Fixed Shares::highest_level(Fixed most, SumAt sum_at) const {
  Fixed low = 0;  // sum_at(0) is at most `most`, by the bounds
  Fixed high = fixed(partitions_);
  while (low < high) {
    const Fixed middle = low + (high - low + 1) / 2;
    if (sum_at(middle) <= most) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

// Rounds `shares` to whole numbers that add up to `total`: all down, then the largest remainders
// up (the method of Hamilton). Of equal remainders the first goes up.
std::vector<std::uint32_t> round_to(const std::vector<Fixed>& shares, std::uint64_t total) {
  std::vector<std::uint32_t> rounded;
  std::uint64_t missing = total;
  for (const Fixed share : shares) {
    rounded.push_back(static_cast<std::uint32_t>(share >> kFractionBits));
    KIPU_CHECK_OP(missing, >=, rounded.back());
    missing -= rounded.back();
  }
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Not std::stable_sort: libstdc++ 12's uses what clang calls deprecated.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Fixed left = shares[a] & kFractionMask;
    const Fixed right = shares[b] & kFractionMask;
    return left != right ? left > right : a < b;
  });
  KIPU_CHECK_OP(missing, <=, order.size());
  for (std::size_t i = 0; i < missing; ++i) {
    KIPU_CHECK((shares[order[i]] & kFractionMask) != 0);
    ++rounded[order[i]];
  }
  return rounded;
}

std::vector<std::uint32_t> Shares::quotas() const {
  const std::uint64_t total = std::uint64_t{replicas_} * partitions_;
  const Fixed level = highest_level(fixed(total), [&](Fixed at) { return sum(at); });
  std::vector<Fixed> zone_shares;
  zone_shares.reserve(members_.size());
  for (std::size_t zone = 0; zone < members_.size(); ++zone) {
    zone_shares.push_back(bounded_zone_sum(zone, level));
  }
  const std::vector<std::uint32_t> zone_totals = round_to(zone_shares, total);
  std::vector<std::uint32_t> quotas(holders_.weights.size());
  for (std::size_t zone = 0; zone < members_.size(); ++zone) {
    const Fixed zone_level =
        highest_level(zone_shares[zone], [&](Fixed at) { return zone_sum(zone, at); });
    std::vector<Fixed> shares;
    for (const std::size_t worker : members_[zone]) {
      shares.push_back(worker_share(worker, zone_level));
    }
    const std::vector<std::uint32_t> rounded = round_to(shares, zone_totals[zone]);
    for (std::size_t i = 0; i < rounded.size(); ++i) quotas[members_[zone][i]] = rounded[i];
  }
  return quotas;
}

std::uint64_t sum_of(const std::vector<std::uint32_t>& weights) {
  return std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
}

}  // namespace

std::vector<std::uint32_t> replica_quotas(const Shareholders& holders, std::uint32_t replicas,
                                          std::uint32_t partitions) {
  KIPU_CHECK(replicas >= 1 && replicas <= holders.weights.size());
  KIPU_CHECK_OP(holders.weights.size(), ==, holders.zones.size());
  return Shares(holders, replicas, partitions).quotas();
}

std::vector<std::uint32_t> floor_shares(const std::vector<std::uint32_t>& weights,
                                        std::uint32_t total) {
  const std::uint64_t sum = sum_of(weights);
  KIPU_CHECK(sum > 0);
  std::vector<std::uint32_t> shares;
  shares.reserve(weights.size());
  for (const std::uint64_t weight : weights) {
    shares.push_back(static_cast<std::uint32_t>(weight * total / sum));
  }
  return shares;
}

std::vector<std::uint32_t> ceil_shares(const std::vector<std::uint32_t>& weights,
                                       std::uint32_t total) {
  const std::uint64_t sum = sum_of(weights);
  KIPU_CHECK(sum > 0);
  std::vector<std::uint32_t> shares;
  shares.reserve(weights.size());
  for (const std::uint64_t weight : weights) {
    shares.push_back(static_cast<std::uint32_t>((weight * total + sum - 1) / sum));
  }
  return shares;
}

}  // namespace kipu::cluster
