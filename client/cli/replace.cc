// worker replace: a new store in the place of one that is lost.
#include "client/cli/replace.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plain_file.h"
#include "base/shell_quoted.h"
#include "client/cli/child.h"
#include "client/cli/handlers.h"
#include "client/cli/own_process.h"
#include "client/cli/prepare.h"
#include "client/cli/session.h"
#include "client/cli/store_place.h"
#include "client/cli/text.h"
#include "client/cli/up_report.h"
#include "kipu/client.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using Kind = WorkerFolder::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kAnswersWithin{3};
constexpr seconds kComesFreeWithin{20};
constexpr seconds kEndsWithin{10};  // when asked to; then it is killed
constexpr seconds kServesWithin{30};
constexpr seconds kSettlesWithin{15};
constexpr milliseconds kLook{50};
constexpr std::size_t kMostText = std::size_t{1024} * 1024;  // of what a supervisor publishes

// All that is known of the cluster in a directory.
struct Found {
  ClusterRecord record;
  ShownStore map;
  std::vector<WorkerFolder> workers;
  StoreNames stores;
  ProcessReport processes;
};

// Nothing if no supervisor says anything.
std::optional<ProcessReport> report_of(const ClusterFolder& folder) {
  return parse_processes(read_plain_file(folder.path() / "processes", kMostText).value_or(""));
}

Result<Found> look(const ClusterFolder& folder, const Programs& programs) {
  Found found;
  const auto record = folder.load();
  if (!record && record.error().code != ErrorCode::corrupt) return fail(record.error());
  const bool read = record && *record;
  found.workers = look_at_workers(folder, read ? (*record)->workers : 0, programs);
  if (read && !contradict(found.workers, **record)) {
    found.record = **record;
  } else {
    const auto remade = remake_record(found.workers);
    if (!remade) return fail(remade.error());
    found.record = *remade;
    found.workers = look_at_workers(folder, remade->workers, programs);
  }
  if (const auto* map = newest_map(found.workers, found.record.cluster)) found.map = *map;
  found.workers.resize(found.record.workers);
  found.stores = settle_stores(found.workers, folder.load_stores(), found.map);
  const auto holder = folder.holder();
  auto processes = report_of(folder);
  // What a killed supervisor said counts no more.
  if (processes && holder == processes->supervisor) found.processes = *std::move(processes);
  return found;
}

std::string command_for(const ClusterFolder& folder, const ReplaceTarget& target) {
  return fmt::format("kipu worker replace {} --data {}",
                     target.worker.empty() ? target.folder : target.worker,
                     shell_quoted(folder.path().string()));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += fmt::format("{}{}", out.empty() ? "" : "; ", text);
  return out;
}

Status check_loss(const ClusterFolder& folder, const ReplaceTarget& target, const Found& found) {
  const auto lacking =
      others_that_lack(target, found.workers, found.stores, found.map, found.processes);
  if (survives(found.record.replicas, lacking.size() + 1)) return {};
  const std::string all_the_same = fmt::format(
      "`{} --accept-loss` begins an empty store all the same", command_for(folder, target));
  if (found.record.replicas == 1) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} held the only replica of its data, which would be lost for good: "
                            "mend its disk, or restore a copy of {}; {}",
                            target.folder, (folder.path() / target.folder).string(), all_the_same));
  }
  return fail(ErrorCode::unsupported,
              fmt::format("what {} held may be nowhere else: {}: bring those back first; {}, and "
                          "what was acknowledged may be missing then",
                          target.folder, joined(lacking), all_the_same));
}

// Where the cluster is served, or nothing.
std::string endpoint_of(const ClusterFolder& folder) {
  std::string endpoint = read_plain_file(folder.path() / "endpoint", kMostText).value_or("");
  endpoint.resize(std::min(endpoint.find('\n'), endpoint.size()));
  return endpoint;
}

// Whether the broker hears from that store's worker.
bool is_alive(const ClusterFolder& folder, StoreId store) {
  const std::string endpoint = endpoint_of(folder);
  if (endpoint.empty()) return false;
  ClientOptions options;
  options.brokers = {endpoint};
  options.timeout = kAnswersWithin;
  auto client = Client::connect(options);
  if (!client) return false;
  const auto status = client->status({});
  if (!status) return false;
  return std::any_of(status->workers.begin(), status->workers.end(), [&](const WorkerStatus& each) {
    return each.store == store && each.liveness == Liveness::alive;
  });
}

// One that is down is started again and again, and is for a moment neither there nor gone. True if
// it is in that state still after a while.
bool is_starting(const ClusterFolder& folder, const std::string& worker) {
  for (milliseconds waited{0}; waited < kSettlesWithin; waited += kLook) {
    const auto report = report_of(folder);
    const ProcessState* state = report ? report->find(worker) : nullptr;
    if (state == nullptr || state->state != ProcessState::State::starting) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

Status check_down(const ClusterFolder& folder, const ReplaceTarget& target, const Found& found) {
  const bool supervised = found.processes.supervisor != 0;
  const bool starting = supervised && is_starting(folder, target.folder);
  const auto pid = running_daemon(folder, target.folder);
  if (!pid) return {};
  const std::string data = shell_quoted(folder.path().string());
  if (is_alive(folder, target.store)) {
    return fail(ErrorCode::in_use,
                fmt::format("{} is alive, as process {}, and serves its store: nothing was "
                            "replaced; if its disk is to go all the same, `kipu down --data {} && "
                            "{} && kipu up --data {} --detach`",
                            target.folder, *pid, data, command_for(folder, target), data));
  }
  if (starting) {
    const std::string endpoint = endpoint_of(folder);
    return fail(ErrorCode::in_use,
                fmt::format("{} is being started, as process {}: see whether it comes with `kipu "
                            "status{}`, and repeat this if not",
                            target.folder, *pid,
                            endpoint.empty() ? "" : " --broker " + shell_quoted(endpoint)));
  }
  return {};
}

// A lock on what a worker's store lies in, as the worker itself takes it.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  // True, too, if there is nothing that could be locked.
  bool take() const { return descriptor_ < 0 || ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

 private:
  const int descriptor_;
};

// Keeps the worker out. One that runs without being heard of is ended, however often it is started.
Status take_from_worker(const ClusterFolder& folder, const ReplaceTarget& target,
                        const FolderLock& lock) {
  const bool ran = running_daemon(folder, target.folder).has_value();
  milliseconds waited{0};
  while (!lock.take()) {
    const auto pid = running_daemon(folder, target.folder);
    if (pid && ran) ::kill(*pid, waited < kEndsWithin ? SIGTERM : SIGKILL);
    if (waited > kComesFreeWithin) {
      return fail(ErrorCode::in_use,
                  fmt::format("{} is in use by another process{}: nothing was replaced",
                              (folder.path() / target.folder).string(),
                              pid ? fmt::format(" ({})", *pid) : ""));
    }
    std::this_thread::sleep_for(kLook);
    waited += kLook;
  }
  return {};
}

// Nothing is moved that a link leads to and that is not this worker's.
Status check_link(const Context& context, const ClusterFolder& folder, const ReplaceTarget& target,
                  const WorkerFolder& worker, std::uint32_t workers) {
  const LinkedPlace link = look_at_link(folder, worker, target.store, workers);
  if (link.usable) return {};
  return fail(
      ErrorCode::unsupported,
      fmt::format("{}: nothing was replaced; `rm {} && {}{}` takes the link away, and "
                  "begins the new store in its place",
                  link.words, shell_quoted(worker.path.string()), command_for(folder, target),
                  context.arguments.has("accept-loss") ? " --accept-loss" : ""));
}

// Has the supervisor start it now. The process, or 0 if no supervisor runs.
Result<pid_t> have_started(const ClusterFolder& folder, const ReplaceTarget& target) {
  const auto holder = folder.holder();
  if (!holder || !has_lock_open(folder, *holder)) return 0;
  // One of a former version has no such report, and takes the signal for its end.
  auto report = report_of(folder);
  if (!report || report->supervisor != *holder) return 0;
  ::kill(*holder, SIGUSR1);
  std::string last;
  for (milliseconds waited{0}; waited < kServesWithin; waited += kLook) {
    std::this_thread::sleep_for(kLook);
    report = report_of(folder);
    const ProcessState* state = report ? report->find(target.folder) : nullptr;
    // Those that run are left out of a long report first.
    if (report && state == nullptr) {
      if (const auto pid = running_daemon(folder, target.folder)) return *pid;
    }
    if (state == nullptr) continue;
    if (state->state == ProcessState::State::running) return state->pid;
    last = fmt::format("{}: {} (its log is {})", state->exit, state->last_words, state->log);
  }
  return fail(ErrorCode::unavailable,
              fmt::format("{} has a new store, and does not serve yet: {}", target.folder, last));
}

// Where no `kipu up` of this machine has the cluster: what to type there.
Result<Exit> explain_elsewhere(Context& context, const ClusterFolder& folder) {
  const std::string& id = context.operands()[0];
  std::string store = "ID";
  std::string why = ", with the ID that `kipu status -o json` shows of it";
  // Whoever names a directory does not mean whichever cluster answers.
  const bool named = context.arguments.has("data");
  auto client = named ? Result<Client>(fail(ErrorCode::not_a_store, ""))
                      : open_client(context, Purpose::read);
  const auto status = client ? client->status({}) : Result<ClusterStatus>(fail(client.error()));
  if (status) {
    const auto found =
        std::find_if(status->workers.begin(), status->workers.end(),
                     [&](const WorkerStatus& worker) { return worker.id.to_string() == id; });
    if (found == status->workers.end()) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the cluster has no worker {}: `kipu worker list` names them",
                              in_quotes(id)));
    }
    if (found->liveness == Liveness::alive) {
      return fail(ErrorCode::in_use, fmt::format("{} is alive: nothing is to be replaced", id));
    }
    store = found->store.id.to_string();
    why.clear();
  }
  std::error_code error;
  const bool there = fs::exists(folder.path(), error);
  return fail(
      ErrorCode::not_a_store,
      fmt::format("{} {}: name its directory with --data. If {} "
                  "runs by itself: on its host, in the place of its lost directory DIR, "
                  "`kipu-worker init --data DIR --store {}`{}; then start it there as before",
                  folder.path().string(),
                  there ? "holds no cluster of `kipu up`" : "is not there, so it holds no cluster",
                  id, store, why));
}

// `io_error` if nobody may say so.
Result<bool> is_cluster(const ClusterFolder& folder) {
  for (const char* name : {"cluster", "stores", "lock"}) {
    std::error_code error;
    if (fs::exists(folder.path() / name, error)) return true;
    if (error && error != std::errc::not_a_directory) {
      return fail(ErrorCode::io_error, fmt::format("{} cannot be looked at: {}",
                                                   folder.path().string(), error.message()));
    }
  }
  return false;
}

Result<Exit> replace(Context& context, ClusterFolder& folder, const Programs& programs) {
  // Where no `up` runs, none may start meanwhile.
  if (!folder.holder()) {
    if (auto status = folder.lock(); !status) return fail(status.error());
  }
  const auto found = look(folder, programs);
  if (!found) return fail(found.error());
  const auto target = find_target(context.operands()[0], found->workers, found->stores, found->map);
  if (!target) return fail(target.error());
  const std::uint32_t workers = found->record.workers;
  const WorkerFolder before = look_at_worker(folder, target->folder, programs);
  if (auto status = check_link(context, folder, *target, before, workers); !status) {
    return fail(status.error());
  }
  if (auto status = check_down(folder, *target, *found); !status) return fail(status.error());
  if (!context.arguments.has("accept-loss")) {
    if (auto status = check_loss(folder, *target, *found); !status) return fail(status.error());
  }
  const auto place = place_of(folder.path() / target->folder);
  if (!place) return fail(place.error());
  ReplaceReport report{target->folder, target->worker, place->string(), target->store, {}, 0};
  {
    const FolderLock lock(*place);
    if (auto status = take_from_worker(folder, *target, lock); !status) return fail(status.error());
    const WorkerFolder now = look_at_worker(folder, target->folder, programs);
    if (auto status = check_link(context, folder, *target, now, workers); !status) {
      return fail(status.error());
    }
    const auto kept = clear_place(*place, now);
    if (!kept) return fail(kept.error());
    report.kept = *kept;
  }
  const bool accepts_loss = context.arguments.has("accept-loss");
  if (auto status = make_store(programs, *place, target->store, accepts_loss); !status) {
    return fail(status.error());
  }
  StoreNames stores = found->stores;
  stores[target->folder] = target->store;
  if (auto status = folder.save_stores(stores); !status) return fail(status.error());
  const auto started = have_started(folder, *target);
  if (!started) return fail(started.error());
  report.pid = *started;
  show(context.out, report);
  return Exit::done;
}

}  // namespace

Result<ReplaceTarget> find_target(std::string_view id, const std::vector<WorkerFolder>& workers,
                                  const StoreNames& stores, const ShownStore& map) {
  ReplaceTarget target;
  const bool is_folder = std::any_of(workers.begin(), workers.end(),
                                     [&](const WorkerFolder& worker) { return worker.name == id; });
  target.store = map.store_of(id);
  if (is_folder) {
    target.folder = id;
    const auto known = stores.find(target.folder);
    if (known != stores.end()) target.store = known->second;
  } else {
    const auto holds = std::find_if(stores.begin(), stores.end(), [&](const auto& each) {
      return !target.store.is_none() && each.second == target.store;
    });
    if (holds != stores.end()) target.folder = holds->first;
  }
  if (!is_folder && target.store.is_none()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("no worker is called {}: name it as `kipu status` does, such as w2, or "
                            "by its folder, such as worker-2",
                            in_quotes(id)));
  }
  if (target.folder.empty()) {
    return fail(ErrorCode::unsupported,
                fmt::format("nothing says in which folder the store {} of {} was: name the folder, "
                            "such as worker-2, once the stores of the others are back",
                            target.store.id.to_string(), id));
  }
  if (target.store.is_none() && !map.map.is_none()) {
    return fail(ErrorCode::unsupported,
                fmt::format("nothing says which store was in {}: bring back another of the lost "
                            "ones first; of the last one it is known",
                            target.folder));
  }
  target.worker = map.worker_of(target.store);
  return target;
}

std::vector<std::string> others_that_lack(const ReplaceTarget& target,
                                          const std::vector<WorkerFolder>& workers,
                                          const StoreNames& stores, const ShownStore& map,
                                          const ProcessReport& processes) {
  std::vector<std::string> lacking;
  for (const WorkerFolder& worker : workers) {
    if (worker.name == target.folder) continue;
    const auto expected = stores.find(worker.name);
    const bool is_its_own =
        worker.store && expected != stores.end() && worker.store->store == expected->second;
    std::string name = is_its_own ? map.worker_of(expected->second) : std::string();
    if (name.empty()) name = worker.name;
    const ProcessState* process = processes.find(worker.name);
    if (!is_its_own) {
      lacking.push_back(fmt::format("the store of {} is missing", name));
    } else if (worker.kind != Kind::store) {
      lacking.push_back(fmt::format("that of {} is damaged", name));
    } else if (!worker.store->filled) {
      lacking.push_back(fmt::format("that of {} has not been filled yet", name));
    } else if (process != nullptr && process->pid == 0) {
      lacking.push_back(fmt::format("{} is down ({})", name, process->exit));
    }
  }
  return lacking;
}

Result<Exit> run_worker_replace(Context& context) {
  if (auto status = check_not_embedded(context); !status) return fail(status.error());
  std::error_code error;
  const fs::path data =
      fs::absolute(std::string(context.arguments.get("data").value_or("kipu-data")), error);
  ClusterFolder folder(data);
  const auto is_ours = is_cluster(folder);
  if (!is_ours) return fail(is_ours.error());
  if (!*is_ours) return explain_elsewhere(context, folder);
  const auto programs = find_programs();
  if (!programs) return fail(programs.error());
  ::umask(0077 | ::umask(0077));
  return replace(context, folder, *programs);
}

}  // namespace kipu::cli
