// What `up` finds in the directory of a cluster, and what it makes there.
//
// Nothing that is there is ever removed, and nothing is made among what is not ours: everything is
// looked at first, and only then anything is made.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/cli/store_place.h"
#include "client/cli/up_request.h"
#include "client/cli/worker_folder.h"

namespace kipu::cli {

// A cluster that can be started.
struct Prepared {
  ClusterRecord record;
  ShownStore map;                     // the newest that a store saved; none before birth
  std::vector<WorkerFolder> workers;  // worker-1 to worker-N
  StoreNames stores;                  // which folder has, or had, which store
  // Of those that must not be started: why. Two processes over copies of one store would each take
  // itself for the other.
  std::map<std::string, std::string> barred;
  std::map<std::string, LinkedPlace> links;  // by folder: those of which something is to be said
  std::vector<std::string> notes;            // what whoever started it should know

  bool is_born() const { return !map.map.is_none(); }
};

// Whether prepare() would have anything to say against it. Makes nothing, so it comes before the
// lock, which is a file in that directory.
[[nodiscard]] Status check_directory(const ClusterFolder& folder, const UpRequest& request,
                                     const Programs& programs);

// Makes what is missing of a new cluster, and of one that is there says what it is. REQUIRES: the
// lock. An interrupted birth is gone on with; a lost or damaged `cluster` file, or one
// that the stores contradict, is made anew from them. `unsupported` where something else is in the
// way, `corrupt`, `io_error`; then nothing was made, or what was can be gone on with.
[[nodiscard]] Result<Prepared> prepare(const ClusterFolder& folder, const UpRequest& request,
                                       const Programs& programs);

// Makes what a broker keeps of this cluster. `io_error`.
[[nodiscard]] Status make_broker(const ClusterFolder& folder, const Programs& programs,
                                 const ClusterRecord& record);

// Whether what a broker keeps in that directory names this cluster.
[[nodiscard]] bool is_broker_of(const std::filesystem::path& path, ClusterId cluster);

// The record of the cluster that the stores say they are of: of which so many are there that they
// can serve. `corrupt` if there is none, or they disagree.
[[nodiscard]] Result<ClusterRecord> remake_record(const std::vector<WorkerFolder>& workers);

// Whether the stores that are there are of one cluster, enough of them to say how it was made, and
// that is not what the record says.
[[nodiscard]] bool contradict(const std::vector<WorkerFolder>& workers,
                              const ClusterRecord& record);

// Which folder holds which of the stores that `map` names; of a folder that holds none of them, the
// one that it is `known` to have held, or, where that is lost too, the only one that is left over.
[[nodiscard]] StoreNames settle_stores(const std::vector<WorkerFolder>& workers,
                                       const StoreNames& known, const ShownStore& map);

// By the name of its folder: why a worker must not be started.
[[nodiscard]] std::map<std::string, std::string> find_copies(
    const std::vector<WorkerFolder>& workers, const StoreNames& known);

}  // namespace kipu::cli
