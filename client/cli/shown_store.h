// What `kipu-worker show` says of a store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/status.h"

namespace kipu::cli {

struct ShownStore {
  struct Place {
    std::string worker;  // as `status` shows it: w2
    StoreId store;
  };
  StoreId store;
  ClusterId cluster;   // none: never was in one
  bool filled = true;  // nothing says that it still lacks what its replicas hold
  std::string damage;  // why its database cannot be opened, as far as that shows; else empty
  MapVersion map;      // the last that it saved; none before the cluster was born
  std::uint32_t partitions = 0;
  std::uint32_t replicas = 0;
  std::vector<Place> workers;  // by their numbers

  // As that map calls the worker of a store, or nothing.
  std::string worker_of(StoreId of) const;
  // The store of the worker that the map calls so, or none.
  StoreId store_of(std::string_view worker) const;
};

// `malformed` if that is not what `kipu-worker show` prints.
[[nodiscard]] Result<ShownStore> parse_shown_store(std::string_view json);

}  // namespace kipu::cli
