// A store in memory, as a std::map: the model that the conformance suite holds LevelDB against, and
// the disk of the simulator.
#pragma once

#include <memory>

#include "base/random.h"
#include "storage/store.h"

namespace kipu::storage {

// A new, empty store with an id and one run. Nothing of it outlives the object.
[[nodiscard]] std::unique_ptr<Store> make_memory_store(Rng& rng);

}  // namespace kipu::storage
