// The store file: what a store knows of itself, in a file that is replaced whole. It holds what
// could not bear that an old version comes back, which LevelDB does not rule out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/store.h"

namespace kipu::storage {

inline constexpr std::uint32_t kFormatVersion = 3;
// From this one on, a database knows the runs of its store, and which files it consists of.
inline constexpr std::uint32_t kFirstChecked = 3;
inline constexpr std::size_t kMaxStoreFileBytes = std::size_t{64} * 1024 * 1024;

// The bytes of the file, as docs/storage-format.md says; all of `info` but where its streams stand.
// REQUIRES: at most kMaxRuns runs, and the missing partitions ascend.
[[nodiscard]] std::string encode_store_file(const StoreInfo& info);

// `corrupt` if `bytes` is not what some version of Kipu wrote, `newer_format` if a newer one did.
// What version 1 did not say: a store that had a map was whole, and any other one is unborn.
[[nodiscard]] Result<StoreInfo> decode_store_file(std::string_view bytes);

// The version in which `bytes` were written. REQUIRES: they decode.
[[nodiscard]] std::uint32_t format_of_store_file(std::string_view bytes);

}  // namespace kipu::storage
