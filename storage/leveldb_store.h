// The store on disk: one LevelDB database, and the store file beside it. The format and every
// option are in docs/storage-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
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
// with the id of a lost store whose place it takes, and no partition of which is whole; how it
// becomes so, Wholeness::accepts_loss says.
// An init that was interrupted is gone on with, under the id that it had, unless another is given.
// `invalid_argument` if there is a store or anything else in it.
[[nodiscard]] Status init_leveldb_store(const std::filesystem::path& directory, Rng& rng,
                                        StoreId instead_of = {}, bool accepts_loss = false);

// Accepts that what the store lacks, and no other replica has, is lost (Wholeness::accepts_loss),
// durably. `in_use` while anybody has it open, `invalid_argument` if it lacks nothing,
// `unsupported` if a former version made it and it was not opened since; or as opening fails.
[[nodiscard]] Status accept_loss(const std::filesystem::path& directory);

// Opens a store and adds a run. Never creates one: `not_a_store` for a directory without, `corrupt`
// for one whose parts do not fit together (data without CURRENT, a damaged store file),
// `newer_format`, `in_use`, `io_error`. How a store that is lost is replaced depends on who serves
// it, so whoever opens it adds that to the message.
[[nodiscard]] Result<std::unique_ptr<Store>> open_leveldb_store(
    const std::filesystem::path& directory, const LevelDbOptions& options, Rng& rng);

// What a store says of itself, as far as that can be told without opening it.
struct StoreSummary {
  std::uint32_t format = 0;  // the version that its store file was written in
  StoreInfo info;
  Status database;  // whether there is one, as opening would say
};

// Of a store that another process may have. Fails as opening does: `not_a_store`, `corrupt`,
// `newer_format`, `io_error`.
[[nodiscard]] Result<StoreSummary> inspect_leveldb_store(const std::filesystem::path& directory);

}  // namespace kipu::storage
