// The store on disk: one LevelDB database, and the store file beside it. The format and every
// option are in docs/storage-format.md.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/random.h"
#include "base/result.h"
#include "storage/store.h"

namespace kipu::storage {

// What a process spends on its store; the format does not depend on it.
struct LevelDbOptions {
  std::size_t write_buffer_bytes = std::size_t{16} * 1024 * 1024;  // twice this at most in memory
  std::size_t block_cache_bytes = std::size_t{8} * 1024 * 1024;
  std::size_t table_bytes = std::size_t{8} * 1024 * 1024;
  LogLimits log = {};
};

// Makes `directory` (which may exist, empty) a store with a new id and no cluster, durably; or one
// with the id of a lost store whose place it takes, and no partition of which is whole.
// `invalid_argument` if there is a store or anything else in it.
[[nodiscard]] Status init_leveldb_store(const std::filesystem::path& directory, Rng& rng,
                                        StoreId instead_of = {});

// Opens a store and adds a run. Never creates one: `not_a_store` for a directory without, `corrupt`
// for one whose parts do not fit together (data without CURRENT, a damaged store file),
// `newer_format`, `in_use`, `io_error`; each message names the remedy.
[[nodiscard]] Result<std::unique_ptr<Store>> open_leveldb_store(
    const std::filesystem::path& directory, const LevelDbOptions& options, Rng& rng);

}  // namespace kipu::storage
