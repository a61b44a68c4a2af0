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
constexpr seconds kSettlesWithin{15};
constexpr milliseconds kLook{50};

std::string command_for(const ClusterFolder& folder, const LocalWorker& target) {
  return fmt::format("kipu worker replace {} --data {}",
                     target.worker.empty() ? target.folder : target.worker,
                     shell_quoted(folder.path().string()));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += fmt::format("{}{}", out.empty() ? "" : "; ", text);
  return out;
}

Status check_loss(const ClusterFolder& folder, const LocalWorker& target,
                  const LocalCluster& found) {
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

Status check_down(const ClusterFolder& folder, const LocalWorker& target,
                  const LocalCluster& found) {
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
Status take_from_worker(const ClusterFolder& folder, const LocalWorker& target,
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
Status check_link(const Context& context, const ClusterFolder& folder, const LocalWorker& target,
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

Result<Exit> replace(Context& context, ClusterFolder& folder, const Programs& programs) {
  // Where no `up` runs, none may start meanwhile.
  if (!folder.holder()) {
    if (auto status = folder.lock(); !status) return fail(status.error());
  }
  const auto found = look_at_cluster(folder, programs);
  if (!found) return fail(found.error());
  const auto target =
      find_local_worker(context.operands()[0], found->workers, found->stores, found->map);
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

std::vector<std::string> others_that_lack(const LocalWorker& target,
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
