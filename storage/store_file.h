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

inline constexpr std::uint32_t kFormatVersion = 1;
// Of the newest runs, so many are kept.
inline constexpr std::size_t kMaxRuns = 10'000;
inline constexpr std::size_t kMaxStoreFileBytes = std::size_t{64} * 1024 * 1024;

// The bytes of the file, as docs/storage-format.md says. REQUIRES: at most kMaxRuns runs.
[[nodiscard]] std::string encode_store_file(const StoreInfo& info);

// `corrupt` if `bytes` is not what some version of Kipu wrote, `newer_format` if a newer one did.
[[nodiscard]] Result<StoreInfo> decode_store_file(std::string_view bytes);

}  // namespace kipu::storage
