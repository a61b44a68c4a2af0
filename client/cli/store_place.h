// Where the store of a worker lies: in its folder, or where a link in its place leads, which may be
// another disk, and may be anything else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "client/cli/worker_folder.h"

namespace kipu::cli {

// The folder itself, or what its links lead to, whether that is there or not. `io_error` of links
// that lead nowhere but to each other.
[[nodiscard]] Result<std::filesystem::path> place_of(const std::filesystem::path& folder);

// Of a link in the place of a worker's folder.
struct LinkedPlace {
  std::string words;   // what is to be said of it: "DIR/worker-1 is a link to …"; else empty
  bool usable = true;  // a new store of that worker may take the place of what it leads to
};

// A link is followed to the worker's own store, to what is left of one, and to nothing at all; not
// to what is anyone else's, nor to the cluster's directory, `workers` of which share it.
[[nodiscard]] LinkedPlace look_at_link(const ClusterFolder& folder, const WorkerFolder& worker,
                                       StoreId store, std::uint32_t workers);

// That what `place` should lie in is there, such as the disk. `io_error`.
[[nodiscard]] Status check_parent(const std::filesystem::path& place, const WorkerFolder& worker);

// Makes room for a new store, and returns under which name what was there is kept; nothing if there
// was nothing. `io_error`.
[[nodiscard]] Result<std::string> clear_place(const std::filesystem::path& place,
                                              const WorkerFolder& worker);

}  // namespace kipu::cli
