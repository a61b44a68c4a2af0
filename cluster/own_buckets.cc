#include "cluster/own_buckets.h"

#include <algorithm>
#include <array>
#include <string>

namespace kipu::cluster {
namespace {

constexpr std::array kNames{kOnceBucket, kOnceNamesBucket, kOnceContentsBucket};

}  // namespace

Bucket own_bucket(std::string_view name) {
  Bucket bucket;
  bucket.name = name;
  return bucket;
}

Status check_reserved(const Bucket& bucket) {
  if (!bucket.name.starts_with(kReservedBucketPrefix)) return {};
  const bool known = std::ranges::find(kNames, bucket.name) != kNames.end();
  if (known && bucket == own_bucket(bucket.name)) return {};
  return fail(ErrorCode::unsupported,
              "bucket names that begin with '" + std::string(kReservedBucketPrefix) +
                  "' are Kipu's own: choose another name than '" + bucket.name + "'");
}

}  // namespace kipu::cluster
