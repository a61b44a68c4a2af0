// The runs of a store that its database knows, so that a database which is not the one that the
// store file was last used with is told: an older copy, another store's, an empty one.
//
// Thread rule: one thread, before the store serves anything.
#pragma once

#include <leveldb/db.h>

#include "base/result.h"
#include "storage/store.h"

namespace kipu::storage {

// `corrupt` if the database does not know the last run that the store file lists; or, where that
// lists none, if anything but runs is in it. A record that cannot be read is not missing: reads of
// what lies there say so.
[[nodiscard]] Status check_runs(leveldb::DB& db, const StoreInfo& info);

// Makes the database know the last run of `after`, durably, and forget those that `before` lists
// and `after` does not any more. To be done before `after` is in the store file: a run that only
// the database knows is no harm, whenever the process ends.
[[nodiscard]] Status write_run(leveldb::DB& db, const StoreInfo& before, const StoreInfo& after);

}  // namespace kipu::storage
