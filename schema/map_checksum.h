// The checksum of a cluster map, which travels and is stored with it.
#pragma once

#include <cstdint>

#include "schema/messages.h"

namespace kipu::schema {

// XXH3-64 over the map's content in a form of its own, independent of how a message lays it out:
// docs/protocol.md, "Checksum of a map", has the grammar and a test vector.
[[nodiscard]] std::uint64_t checksum_of(const ClusterMap& map);

}  // namespace kipu::schema
