// What lies where a worker's store should be. Looking changes nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/cluster_folder.h"
#include "client/cli/shown_store.h"

namespace kipu::cli {

struct Programs {
  std::string broker;
  std::string worker;
};

// `io_error` if one of them is nowhere.
[[nodiscard]] Result<Programs> find_programs();

// How long a program may take that looks at a store, or makes one.
inline constexpr std::chrono::seconds kLookWithin{20};

struct WorkerFolder {
  enum class Kind {
    absent,      // nothing
    empty,       // a directory with nothing in it
    unfinished,  // an init that was interrupted, and nothing else
    store,       // a store, as far as it can be told without opening it
    damaged,     // what was one, or cannot be looked at: `words` says why
    foreign,     // something else: `words` names it
  };
  std::string name;  // worker-1
  std::filesystem::path path;
  Kind kind = Kind::absent;
  std::optional<ShownStore> store;  // wherever its store file can be read
  std::string words;

  // Whether a store can be made there without touching anything of anyone's.
  bool is_free() const {
    return kind == Kind::absent || kind == Kind::empty || kind == Kind::unfinished;
  }
};

[[nodiscard]] WorkerFolder look_at_worker(const ClusterFolder& folder, const std::string& name,
                                          const Programs& programs);

// Makes an empty store, or one in the place of that store; `accepts_loss` as in `kipu-worker init`.
// A process that holds the directory for a moment, such as an init whose `up` was killed, is waited
// for. `io_error`, with what it said.
[[nodiscard]] Status make_store(const Programs& programs, const std::filesystem::path& place,
                                StoreId instead_of, bool accepts_loss = false);

// Of each `worker-N` that is there, by N, and of worker-1 to worker-`least` in any case.
[[nodiscard]] std::vector<WorkerFolder> look_at_workers(const ClusterFolder& folder,
                                                        std::uint32_t least,
                                                        const Programs& programs);

// The number in `worker-N`, or 0 if the name is none of these.
[[nodiscard]] std::uint32_t number_of_worker(std::string_view folder_name);

// The newest map that any of the stores of `cluster` saved: the store that holds it, or null if the
// cluster was never born.
[[nodiscard]] const ShownStore* newest_map(const std::vector<WorkerFolder>& workers,
                                           ClusterId cluster);

}  // namespace kipu::cli
