// A store in memory, as a std::map: the model that the conformance suite holds LevelDB against, and
// the disk of the simulator.
#pragma once

#include <memory>

#include "base/random.h"
#include "storage/key_codec.h"
#include "storage/store.h"

namespace kipu::storage {

// Its object is the disk and the store in one: what a process that ends leaves behind is the object
// as it stands, and reopen() is what the next one does first.
class MemoryStore : public Store {
 public:
  // The disk as it is, with all that it holds: to go back to later, by reopening that.
  [[nodiscard]] virtual std::unique_ptr<MemoryStore> clone() const = 0;

  // Opens it anew: adds a run, and tells by info() where the streams stand. By the thread that
  // merges; nobody reads meanwhile.
  virtual void reopen(Rng& rng) = 0;

  // Loses one entry, as no disk should. False if there is none of that name.
  virtual bool lose(const RecordKey& name) = 0;

  // Some of the records that were trimmed from the log are there again, as a database may have it:
  // to be seen by the next reopen().
  virtual void revive(Rng& rng) = 0;
};

struct MemoryStoreOptions {
  StoreId instead_of = {};  // set: it takes the place of that lost store
  LogLimits log = {};
};

// A new, empty store with one run.
[[nodiscard]] std::unique_ptr<MemoryStore> make_memory_store(
    Rng& rng, const MemoryStoreOptions& options = {});

}  // namespace kipu::storage
