#include "client/cli/local_worker.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include <fmt/format.h>

#include "base/plain_file.h"
#include "client/cli/own_process.h"
#include "client/cli/prepare.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kServesWithin{30};
constexpr milliseconds kLook{50};
constexpr std::size_t kMostText = std::size_t{1024} * 1024;  // of what a supervisor publishes

}  // namespace

std::optional<ProcessReport> report_of(const ClusterFolder& folder) {
  return parse_processes(read_plain_file(folder.path() / "processes", kMostText).value_or(""));
}

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

Result<LocalCluster> look_at_cluster(const ClusterFolder& folder, const Programs& programs) {
  LocalCluster found;
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

std::string endpoint_of(const ClusterFolder& folder) {
  std::string endpoint = read_plain_file(folder.path() / "endpoint", kMostText).value_or("");
  endpoint.resize(std::min(endpoint.find('\n'), endpoint.size()));
  return endpoint;
}

Result<LocalWorker> find_local_worker(std::string_view id, const std::vector<WorkerFolder>& workers,
                                      const StoreNames& stores, const ShownStore& map) {
  LocalWorker target;
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

Result<pid_t> have_started(const ClusterFolder& folder, const LocalWorker& worker) {
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
    const ProcessState* state = report ? report->find(worker.folder) : nullptr;
    // Those that run are left out of a long report first.
    if (report && state == nullptr) {
      if (const auto pid = running_daemon(folder, worker.folder)) return *pid;
    }
    if (state == nullptr) continue;
    if (state->state == ProcessState::State::running) return state->pid;
    last = fmt::format("{}: {} (its log is {})", state->exit, state->last_words, state->log);
  }
  return fail(ErrorCode::unavailable,
              fmt::format("{} does not serve yet: {}", worker.folder, last));
}

}  // namespace kipu::cli
