// worker accept-loss: what no replica has any more is lost, says an operator.
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <sys/wait.h>

#include "base/shell_quoted.h"
#include "client/cli/child.h"
#include "client/cli/handlers.h"
#include "client/cli/local_worker.h"
#include "client/cli/own_process.h"
#include "client/cli/session.h"
#include "client/cli/store_place.h"
#include "client/cli/up_report.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kEndsWithin{10};  // when asked to; then it is killed
constexpr milliseconds kLook{50};

std::string name_of(const LocalWorker& worker) {
  return worker.worker.empty() ? worker.folder : worker.worker;
}

std::string command_for(const ClusterFolder& folder, const LocalWorker& worker) {
  return fmt::format("kipu worker accept-loss {} --yes --data {}", name_of(worker),
                     shell_quoted(folder.path().string()));
}

// Its worker is ended while that waits for the store, however often it is started.
Status accept_beside(const ClusterFolder& folder, const LocalWorker& worker,
                     const std::vector<std::string>& words) {
  auto child = spawn(words);
  if (!child) return fail(child.error());
  std::string said;
  int status = 0;
  for (milliseconds waited{0};; waited += kLook) {
    said += take_all(child->errors);
    static_cast<void>(take_all(child->output));
    const pid_t ended = ::waitpid(child->pid, &status, WNOHANG);
    if (ended == child->pid || (ended < 0 && errno != EINTR)) break;
    const auto pid = running_daemon(folder, worker.folder);
    if (pid) ::kill(*pid, waited < kEndsWithin ? SIGTERM : SIGKILL);
    std::this_thread::sleep_for(kLook);
  }
  said += take_all(child->errors);
  close_pipes(*child);
  if (status == 0) return {};
  constexpr std::string_view kProgram = "kipu-worker: ";
  if (said.starts_with(kProgram)) said.erase(0, kProgram.size());
  while (said.ends_with('\n')) said.pop_back();
  return fail(ErrorCode::unsupported, said);
}

Result<Exit> accept_loss(Context& context, ClusterFolder& folder, const Programs& programs) {
  // Where no `up` runs, none may start meanwhile.
  if (!folder.holder()) {
    if (auto status = folder.lock(); !status) return fail(status.error());
  }
  const auto cluster = look_at_cluster(folder, programs);
  if (!cluster) return fail(cluster.error());
  const auto worker =
      find_local_worker(context.operands()[0], cluster->workers, cluster->stores, cluster->map);
  if (!worker) return fail(worker.error());
  const WorkerFolder found = look_at_worker(folder, worker->folder, programs);
  if (found.kind != WorkerFolder::Kind::store || found.store->store != worker->store) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} does not hold the store of {}: `kipu worker replace {} --data {} "
                            "--accept-loss` begins a new one",
                            found.path.string(), name_of(*worker), name_of(*worker),
                            shell_quoted(folder.path().string())));
  }
  if (found.store->filled) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} lacks nothing that it knows of: nothing was accepted", name_of(*worker)));
  }
  if (!context.arguments.has("yes")) {
    return fail(ErrorCode::unsupported,
                fmt::format("what was acknowledged, and none of the replicas of {} holds any more, "
                            "will be missing for good, with nothing to say so: copies of the "
                            "workers' folders from one moment would bring it back; if there are "
                            "none, `{}` accepts the loss",
                            name_of(*worker), command_for(folder, *worker)));
  }
  const auto place = place_of(found.path);
  if (!place) return fail(place.error());
  const std::vector<std::string> words{programs.worker, "accept-loss", "--data",
                                       place->string(), "--wait",      "20s"};
  if (auto status = accept_beside(folder, *worker, words); !status) return fail(status.error());
  const auto started = have_started(folder, *worker);
  if (!started) return fail(started.error());
  show(context.out, AcceptLossReport{worker->folder, worker->worker, *started});
  return Exit::done;
}

}  // namespace

Result<Exit> run_worker_accept_loss(Context& context) {
  if (auto status = check_not_embedded(context); !status) return fail(status.error());
  std::error_code error;
  const fs::path data =
      fs::absolute(std::string(context.arguments.get("data").value_or("kipu-data")), error);
  ClusterFolder folder(data);
  const auto is_ours = is_cluster(folder);
  if (!is_ours) return fail(is_ours.error());
  if (!*is_ours) {
    return fail(ErrorCode::not_a_store,
                fmt::format("{} holds no cluster of `kipu up`: name its directory with --data. If "
                            "{} runs by itself: on its host, with it stopped, `kipu-worker "
                            "accept-loss --data DIR` over its directory DIR; then start it there "
                            "as before",
                            data.string(), context.operands()[0]));
  }
  const auto programs = find_programs();
  if (!programs) return fail(programs.error());
  return accept_loss(context, folder, *programs);
}

}  // namespace kipu::cli
