// The engine's own ceiling: the same records in LevelDB, synced, with no Kipu around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/time.h"

namespace kipu::bench {

// Appends per second with `batch` records in each synced write, with the options that Kipu's store
// opens LevelDB with. The records are encoded beforehand: only the engine is measured.
[[nodiscard]] double raw_leveldb(const std::filesystem::path& directory, std::size_t batch,
                                 Duration length);

// p50 in microseconds of writing one record's bytes to a file and fdatasync.
[[nodiscard]] double write_and_fdatasync(const std::filesystem::path& directory, Duration length);

}  // namespace kipu::bench
