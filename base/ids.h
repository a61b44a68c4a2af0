// Names of clusters, stores, workers, partitions and peers.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace kipu {

// 128 random bits; all zero means "none". Written as 32 hex digits.
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static Uuid random(Rng& rng);
  static std::optional<Uuid> parse(std::string_view hex);
  std::string to_string() const;
  bool is_none() const { return high == 0 && low == 0; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// Each wrapper is a type of its own, so that a store id is never passed for a cluster id.
struct ClusterId {
  Uuid id;
  bool is_none() const { return id.is_none(); }
  friend auto operator<=>(const ClusterId&, const ClusterId&) = default;
};

struct StoreId {
  Uuid id;
  bool is_none() const { return id.is_none(); }
  friend auto operator<=>(const StoreId&, const StoreId&) = default;
};

// A worker's number within its cluster, from 1; given by the broker when the worker joins, kept for
// good. 0 means "none". Shown as "w1".
struct WorkerId {
  std::uint32_t number = 0;
  bool is_none() const { return number == 0; }
  std::string to_string() const;
  friend auto operator<=>(const WorkerId&, const WorkerId&) = default;
};

// A partition's number, from 0 to the map's number of partitions less one.
struct PartitionId {
  std::uint32_t number = 0;
  friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

// Whom a message came from or goes to, as the transport names it: opaque, and worth nothing after
// the peer reconnects.
struct PeerId {
  std::string routing_id;
  friend auto operator<=>(const PeerId&, const PeerId&) = default;
};

}  // namespace kipu
