#include "client/cli/prepare.h"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "base/plain_file.h"
#include "base/random.h"
#include "base/shell_quoted.h"
#include "client/cli/child.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using Kind = WorkerFolder::Kind;

constexpr std::size_t kNamesShown = 3;
constexpr std::size_t kMostBrokerText = std::size_t{64} * 1024;
constexpr std::chrono::seconds kMakeWithin{120};

// What is to be done about a directory: found out first, done then.
struct Plan {
  Prepared prepared;
  bool damaged_record = false;  // a `cluster` file that is none
  bool new_record = false;      // to be written
};

std::size_t majority(std::size_t workers) {
  return workers / 2 + 1;
}

std::vector<std::string> names_in(const fs::path& path, std::error_code& error) {
  std::vector<std::string> names;
  fs::directory_iterator at(path, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_own_name(std::string_view name) {
  constexpr std::array kOwn{"logs",      "pids",   "lock",      "endpoint",
                            "processes", "stores", "lost+found"};
  if (std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end()) return true;
  return name == "cluster.new" || name == "stores.new" || name == "processes.new" ||
         name.starts_with("cluster.damaged");
}

// Of the folders that `up` begins with: whether anything is in it, which would be someone else's.
bool is_unused(const fs::path& path) {
  std::error_code error;
  return !fs::is_directory(path, error) || path.filename() == "lost+found" ||
         fs::is_empty(path, error);
}

fs::path broker_of(const ClusterFolder& folder) {
  return folder.path() / "broker";
}

// Whether a broker's directory can be made there without touching anything of anyone's.
Result<bool> is_free_for_broker(const fs::path& path) {
  std::error_code error;
  if (fs::status(path, error).type() == fs::file_type::not_found) return true;
  const auto names = names_in(path, error);
  if (error) {
    return fail(ErrorCode::io_error,
                fmt::format("{} cannot be looked at: {}", path.string(), error.message()));
  }
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "lost+found" || name.starts_with("cluster.toml.");
  });
}

Error in_the_way(const ClusterFolder& folder, std::string_view what) {
  return {ErrorCode::unsupported,
          fmt::format("{} is no cluster of `kipu up`, and {}: nothing was touched; name another "
                      "directory with --data, such as `kipu up --data {}`",
                      folder.path().string(), what,
                      shell_quoted((folder.path() / "kipu-data").string()))};
}

// Whether a new cluster can be made there: in an empty directory, or one that was made ready for
// it.
Status check_room(const ClusterFolder& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder.path(), error);
  if (status.type() == fs::file_type::not_found) return {};
  const auto names = names_in(folder.path(), error);
  if (error) {
    return fail(ErrorCode::io_error,
                fmt::format("{} cannot be looked at: {}", folder.path().string(), error.message()));
  }
  std::string others;
  std::size_t count = 0;
  for (const std::string& name : names) {
    const bool is_ours = is_own_name(name) && is_unused(folder.path() / name);
    if (is_ours || name == "broker" || number_of_worker(name) > 0) continue;
    if (++count <= kNamesShown) others += fmt::format("{}{}", others.empty() ? "" : ", ", name);
  }
  if (count == 0) return {};
  if (count > kNamesShown) others += fmt::format(" and {} more", count - kNamesShown);
  return fail(in_the_way(folder, "not empty: it holds " + others));
}

Status check_birth(const ClusterFolder& folder, const Prepared& prepared) {
  const auto free = is_free_for_broker(broker_of(folder));
  if (!free) return fail(free.error());
  if (!*free && !is_broker_of(broker_of(folder), prepared.record.cluster)) {
    return fail(in_the_way(folder, fmt::format("{} is not empty", broker_of(folder).string())));
  }
  for (const WorkerFolder& worker : prepared.workers) {
    const auto link = prepared.links.find(worker.name);
    if (link != prepared.links.end() && !link->second.usable) {
      return fail(in_the_way(folder, link->second.words));
    }
    if (worker.is_free()) continue;
    if (!worker.store) return fail(in_the_way(folder, worker.words));
    const ClusterId cluster = worker.store->cluster;
    const bool ours = cluster.is_none() || cluster == prepared.record.cluster;
    if (worker.kind == Kind::store && ours) continue;
    return fail(in_the_way(folder, worker.kind == Kind::store
                                       ? fmt::format("{} holds a store of cluster {}",
                                                     worker.path.string(), cluster.id.to_string())
                                       : worker.words));
  }
  return {};
}

// That a new cluster begins with no stores but those that it makes itself.
Status check_unused(const ClusterFolder& folder, const std::vector<WorkerFolder>& workers) {
  for (const WorkerFolder& worker : workers) {
    if (worker.is_free()) continue;
    return fail(in_the_way(folder, worker.words.empty()
                                       ? fmt::format("{} holds a store", worker.path.string())
                                       : worker.words));
  }
  const auto free = is_free_for_broker(broker_of(folder));
  if (!free) return fail(free.error());
  if (*free) return {};
  return fail(in_the_way(folder, fmt::format("{} is not empty", broker_of(folder).string())));
}

void learn(const ClusterFolder& folder, Prepared& prepared) {
  if (const ShownStore* map = newest_map(prepared.workers, prepared.record.cluster)) {
    prepared.map = *map;
  }
  prepared.workers.resize(prepared.record.workers);
  const StoreNames known = folder.load_stores();
  prepared.stores = settle_stores(prepared.workers, known, prepared.map);
  prepared.barred = find_copies(prepared.workers, known);
  prepared.links.clear();
  for (const WorkerFolder& worker : prepared.workers) {
    const auto store = prepared.stores.find(worker.name);
    const StoreId own = store == prepared.stores.end() ? StoreId{} : store->second;
    LinkedPlace link = look_at_link(folder, worker, own, prepared.record.workers);
    // Opening a store writes to it, whosever it is.
    if (!link.usable && worker.store && worker.store->store != own) {
      prepared.barred.emplace(worker.name, link.words);
    }
    if (!link.words.empty()) prepared.links[worker.name] = std::move(link);
  }
}

enum class Record { missing, damaged, contradicted };

std::string_view describe(Record record) {
  if (record == Record::missing) return "missing";
  return record == Record::damaged ? "damaged" : "not what the stores say";
}

Result<Plan> plan_without_record(const ClusterFolder& folder, const UpRequest& request,
                                 const Programs& programs, Record record) {
  Plan plan;
  plan.damaged_record = record != Record::missing;
  plan.new_record = true;
  plan.prepared.workers = look_at_workers(folder, 0, programs);
  const auto& workers = plan.prepared.workers;
  const bool any = std::any_of(workers.begin(), workers.end(), [](const WorkerFolder& worker) {
    return worker.store && !worker.store->cluster.is_none();
  });
  if (any || plan.damaged_record) {
    const auto remade = remake_record(workers);
    if (!remade)
      return fail(remade.error().code,
                  fmt::format("{}: {}", folder.path().string(), remade.error().message));
    const auto settled = settle_record(request, *remade, {});
    if (!settled) return fail(settled.error());
    plan.prepared.record = *settled;
    plan.prepared.notes.push_back(
        fmt::format("the file `cluster` in {} is {}: made anew from the stores, of cluster {}",
                    folder.path().string(), describe(record), remade->cluster.id.to_string()));
    return plan;
  }
  if (auto room = check_room(folder); !room) return fail(room.error());
  if (auto unused = check_unused(folder, workers); !unused) return fail(unused.error());
  Rng rng = Rng::from_system();
  const auto settled = settle_record(request, std::nullopt, ClusterId{Uuid::random(rng)});
  if (!settled) return fail(settled.error());
  plan.prepared.record = *settled;
  return plan;
}

Result<Plan> make_plan(const ClusterFolder& folder, const UpRequest& request,
                       const Programs& programs) {
  const auto found = folder.load();
  if (!found && found.error().code != ErrorCode::corrupt) return fail(found.error());
  std::optional<Record> wrong;
  if (!found || !*found) wrong = found ? Record::missing : Record::damaged;
  std::vector<WorkerFolder> workers;
  if (!wrong) {
    workers = look_at_workers(folder, (*found)->workers, programs);
    if (contradict(workers, **found)) wrong = Record::contradicted;
  }
  Plan plan;
  if (wrong) {
    auto planned = plan_without_record(folder, request, programs, *wrong);
    if (!planned) return fail(planned.error());
    plan = *std::move(planned);
    workers = look_at_workers(folder, plan.prepared.record.workers, programs);
  } else {
    const auto settled = settle_record(request, *found, {});
    if (!settled) return fail(settled.error());
    plan.prepared.record = *settled;
  }
  Prepared& prepared = plan.prepared;
  prepared.workers = std::move(workers);
  learn(folder, prepared);
  if (prepared.record.ready) return plan;
  if (auto birth = check_birth(folder, prepared); !birth) return fail(birth.error());
  return plan;
}

Error cannot_be_made(const fs::path& path, std::string_view why) {
  return {ErrorCode::io_error,
          fmt::format("{} cannot be made: {}; `kipu up` goes on with it once that is mended",
                      path.string(), why)};
}

Status make_stores(const ClusterFolder& folder, const Programs& programs, Prepared& prepared) {
  const ClusterRecord& record = prepared.record;
  if (!is_broker_of(broker_of(folder), record.cluster)) {
    if (auto status = make_broker(folder, programs, record); !status) return status;
  }
  for (WorkerFolder& worker : prepared.workers) {
    if (!worker.is_free()) continue;
    const auto place = place_of(worker.path);
    if (!place) return fail(place.error());
    if (auto status = check_parent(*place, worker); !status) return status;
    const auto made = make_store(programs, *place, {});
    worker = look_at_worker(folder, worker.name, programs);
    const bool is_there = worker.kind == Kind::store && worker.store->cluster.is_none();
    if (!made && !is_there) return fail(cannot_be_made(worker.path, made.error().message));
  }
  return {};
}

// Where a store lies that should be in one of the workers' folders: someone moved it.
void note_moved_stores(const ClusterFolder& folder, const Programs& programs, Prepared& prepared) {
  std::map<StoreId, const WorkerFolder*> missing;
  for (const WorkerFolder& worker : prepared.workers) {
    const auto store = prepared.stores.find(worker.name);
    if (worker.is_free() && store != prepared.stores.end()) missing[store->second] = &worker;
  }
  if (missing.empty()) return;
  std::error_code error;
  for (const std::string& name : names_in(folder.path(), error)) {
    const std::uint32_t number = number_of_worker(name);
    if (number > 0 && number <= prepared.record.workers) continue;
    if (name.find(".lost") != std::string::npos) continue;  // given up: another took its place
    if (!fs::exists(folder.path() / name / "store", error)) continue;
    const WorkerFolder other = look_at_worker(folder, name, programs);
    const auto found = other.store ? missing.find(other.store->store) : missing.end();
    if (found == missing.end()) continue;
    const std::string to = shell_quoted(found->second->path.string());
    const bool is_link = fs::is_symlink(fs::symlink_status(found->second->path, error));
    const std::string clear = is_link ? fmt::format("rm {} && ", to)
                              : found->second->kind == Kind::absent
                                  ? std::string()
                                  : fmt::format("rmdir {} && ", to);
    prepared.notes.push_back(
        fmt::format("the store of {} lies in {}: `{}mv -T {} {}` brings it back",
                    found->second->name, name, clear, shell_quoted(other.path.string()), to));
  }
}

std::string describe_clusters(const std::vector<WorkerFolder>& workers) {
  std::string out;
  for (const WorkerFolder& worker : workers) {
    if (worker.kind == Kind::absent) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", worker.name,
                       worker.store ? (worker.store->cluster.is_none()
                                           ? "is of none yet"
                                           : "is of " + worker.store->cluster.id.to_string())
                                    : "holds no store that can be read");
  }
  return out.empty() ? "there is no store" : out;
}

}  // namespace

Status make_broker(const ClusterFolder& folder, const Programs& programs,
                   const ClusterRecord& record) {
  const fs::path data = broker_of(folder);
  const auto made =
      run_to_end({programs.broker, "init", "--data", data.string(), "--workers",
                  std::to_string(record.workers), "--replicas", std::to_string(record.replicas),
                  "--partitions", std::to_string(record.partitions), "--cluster-id",
                  record.cluster.id.to_string()},
                 kMakeWithin);
  if (!made) return fail(made.error());
  // One that was begun by an `up` that was killed may have come first.
  if (made->status == 0 || is_broker_of(data, record.cluster)) return {};
  return fail(
      cannot_be_made(data, fmt::format("{} ({})", made->output, describe_exit(made->status))));
}

bool is_broker_of(const fs::path& path, ClusterId cluster) {
  const auto text = read_plain_file(path / "cluster.toml", kMostBrokerText);
  return text && text->find(cluster.id.to_string()) != std::string::npos;
}

Result<ClusterRecord> remake_record(const std::vector<WorkerFolder>& workers) {
  std::set<ClusterId> clusters;
  for (const WorkerFolder& worker : workers) {
    if (worker.store && !worker.store->cluster.is_none()) clusters.insert(worker.store->cluster);
  }
  std::vector<ClusterRecord> able;
  for (const ClusterId& cluster : clusters) {
    const ShownStore* map = newest_map(workers, cluster);
    if (map == nullptr) continue;
    std::set<StoreId> there;
    for (const WorkerFolder& worker : workers) {
      if (!worker.store || worker.store->cluster != cluster) continue;
      if (!map->worker_of(worker.store->store).empty()) there.insert(worker.store->store);
    }
    if (there.size() < majority(map->workers.size())) continue;
    ClusterRecord record;
    record.cluster = cluster;
    record.workers = static_cast<std::uint32_t>(map->workers.size());
    record.replicas = map->replicas;
    record.partitions = map->partitions;
    record.ready = true;
    able.push_back(record);
  }
  if (able.size() == 1) return able[0];
  return fail(ErrorCode::corrupt,
              fmt::format("its file `cluster` is lost, and the stores do not say enough to make it "
                          "anew: of the clusters, {}; bring the others back, or name another "
                          "directory with --data",
                          describe_clusters(workers)));
}

bool contradict(const std::vector<WorkerFolder>& workers, const ClusterRecord& record) {
  const auto remade = remake_record(workers);
  if (!remade || *remade == record) return false;
  return std::all_of(workers.begin(), workers.end(), [&](const WorkerFolder& worker) {
    return !worker.store || worker.store->cluster.is_none() ||
           worker.store->cluster == remade->cluster;
  });
}

StoreNames settle_stores(const std::vector<WorkerFolder>& workers, const StoreNames& known,
                         const ShownStore& map) {
  StoreNames settled;
  std::set<StoreId> placed;
  const auto copies = find_copies(workers, known);
  for (const WorkerFolder& worker : workers) {
    if (!worker.store || copies.contains(worker.name)) continue;
    const StoreId store = worker.store->store;
    if (!map.workers.empty() && map.worker_of(store).empty()) continue;
    settled[worker.name] = store;
    placed.insert(store);
  }
  std::vector<std::string> unknown;
  for (const WorkerFolder& worker : workers) {
    if (settled.contains(worker.name)) continue;
    const auto found = known.find(worker.name);
    if (found == known.end() || placed.contains(found->second)) {
      unknown.push_back(worker.name);
    } else {
      settled[worker.name] = found->second;
      placed.insert(found->second);
    }
  }
  std::vector<StoreId> left;
  for (const ShownStore::Place& place : map.workers) {
    if (!placed.contains(place.store)) left.push_back(place.store);
  }
  if (unknown.size() == 1 && left.size() == 1) settled[unknown[0]] = left[0];
  return settled;
}

std::map<std::string, std::string> find_copies(const std::vector<WorkerFolder>& workers,
                                               const StoreNames& known) {
  std::map<StoreId, const WorkerFolder*> first;
  std::map<std::string, std::string> barred;
  const auto is_known = [&](const WorkerFolder& worker) {
    const auto found = known.find(worker.name);
    return found != known.end() && found->second == worker.store->store;
  };
  for (const WorkerFolder& worker : workers) {
    if (!worker.store) continue;
    const auto [place, added] = first.emplace(worker.store->store, &worker);
    if (added) continue;
    const WorkerFolder* copy = &worker;
    if (is_known(worker) && !is_known(*place->second)) std::swap(place->second, copy);
    barred[copy->name] = fmt::format("{} holds a copy of the store of {}, which must not run twice",
                                     copy->path.string(), place->second->name);
  }
  return barred;
}

Status check_directory(const ClusterFolder& folder, const UpRequest& request,
                       const Programs& programs) {
  // One that `up` has made: the lock says more.
  const auto is_known = [&] {
    const auto found = folder.load();
    return found && *found;
  };
  if (is_known()) return {};
  const auto plan = make_plan(folder, request, programs);
  // Another `up` may have begun one here meanwhile: its record comes before all else that it makes.
  if (plan || is_known()) return {};
  return fail(plan.error());
}

Result<Prepared> prepare(const ClusterFolder& folder, const UpRequest& request,
                         const Programs& programs) {
  auto plan = make_plan(folder, request, programs);
  if (!plan) return fail(plan.error());
  Prepared& prepared = plan->prepared;
  if (plan->damaged_record) {
    const auto kept = set_aside(folder.path() / "cluster", "damaged");
    if (!kept) return fail(kept.error());
    prepared.notes.back() += fmt::format(" (what was there is kept as {})", kept->string());
  }
  if (plan->new_record) {
    if (auto status = folder.save(prepared.record); !status) return fail(status.error());
  }
  if (!prepared.record.ready) {
    if (auto status = make_stores(folder, programs, prepared); !status) return fail(status.error());
    prepared.record.ready = true;
    if (auto status = folder.save(prepared.record); !status) return fail(status.error());
    learn(folder, prepared);
  }
  if (prepared.stores != folder.load_stores()) {
    // It can be learnt anew, so it keeps nobody from serving.
    if (auto status = folder.save_stores(prepared.stores); !status) {
      prepared.notes.push_back(status.error().message);
    }
  }
  note_moved_stores(folder, programs, prepared);
  return std::move(prepared);
}

}  // namespace kipu::cli
