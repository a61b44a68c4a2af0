#include "tests/sim/checkers/buckets.h"

#include <algorithm>

#include "cluster/map.h"

namespace kipu::sim {

void BucketModel::begin_create(const Bucket& bucket) {
  buckets_[bucket.name].attempts.push_back(bucket);
}

void BucketModel::on_created(const Bucket& bucket) {
  settle(bucket);
}

void BucketModel::settle(const Bucket& bucket) {
  Known& known = buckets_[bucket.name];
  if (known.created && *known.created != bucket) {
    verdict_.fail("I2", "a bucket changed: " + bucket.name);
  }
  if (known.created) return;
  known.created = bucket;
  known.certain_since = ++now_;
}

void BucketModel::on_map(Moment begun, const schema::ClusterMap& map) {
  if (auto valid = cluster::validate(map); !valid) {
    verdict_.fail("I2", "a map that is none: " + valid.error().message);
    return;
  }
  if (placement_.empty()) placement_ = map.placement;
  if (placement_ != map.placement) verdict_.fail("I1", "a partition was placed anew");
  for (const auto& [name, known] : buckets_) {
    const bool due = known.created && known.certain_since <= begun;
    if (due && cluster::find_bucket(map, name) == nullptr) {
      verdict_.fail("I1", "created, and in a map no more: bucket " + name);
    }
  }
  for (const Bucket& bucket : map.buckets) {
    if (bucket.name == "default") continue;
    const auto& attempts = buckets_[bucket.name].attempts;
    if (std::find(attempts.begin(), attempts.end(), bucket) == attempts.end()) {
      verdict_.fail("I2", "in a map, and never created like this: bucket " + bucket.name);
    }
    settle(bucket);
  }
}

bool BucketModel::is_certain(const std::string& name) const {
  const auto found = buckets_.find(name);
  return name == "default" || (found != buckets_.end() && found->second.created.has_value());
}

bool BucketModel::may_differ(const Bucket& bucket) const {
  const auto found = buckets_.find(bucket.name);
  if (found == buckets_.end()) return false;
  const auto& attempts = found->second.attempts;
  return std::any_of(attempts.begin(), attempts.end(),
                     [&](const Bucket& attempt) { return attempt != bucket; });
}

}  // namespace kipu::sim
