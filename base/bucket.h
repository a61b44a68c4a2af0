// Buckets: named collections, created explicitly, fixed at creation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace kipu {

// Names that begin so are Kipu's own (cluster/own_buckets.h).
inline constexpr std::string_view kReservedBucketPrefix = "kipu.";

enum class BucketMode : std::uint8_t {
  worm = 1,  // write once, read many: append only
  wmrm = 2,  // write many, read many: put and remove
};

// How many replicas must hold what is written, or be asked for what is read.
enum class Level : std::uint8_t {
  bucket_default = 0,
  one = 1,
  quorum = 2,
  all = 3,
  none = 4,  // writes only: sent, and not answered
};

struct Bucket {
  std::string name;  // is_bucket_name() holds
  BucketMode mode = BucketMode::worm;
  Level read_level = Level::quorum;
  Level write_level = Level::quorum;
  std::uint32_t max_pair_bytes = limits::kDefaultMaxPairBytes;  // key and values together
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

}  // namespace kipu
