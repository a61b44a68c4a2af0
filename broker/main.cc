// kipu-broker: routes requests, keeps the cluster map, watches workers.
#include <algorithm>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/random.h"
#include "base/standard_streams.h"
#include "broker/cluster_file.h"
#include "broker/processes_file.h"
#include "broker/runtime.h"
#include "bus/daemon/command_line.h"
#include "bus/daemon/host.h"
#include "bus/daemon/log.h"
#include "bus/zmq_bus.h"
#include "storage/files.h"

namespace kipu::broker {
namespace {

constexpr const char* kProgram = "kipu-broker";
constexpr std::uint64_t kFewDescriptors = 1024;
// Any two majorities of three share one, and one may be lost at any time.
constexpr std::uint32_t kUsualReplicas = 3;

struct Flags {
  std::string data;
  // serve
  std::string frontend = "tcp://127.0.0.1:7400";
  std::string backend = "tcp://127.0.0.1:7401";
  Duration heartbeat = Config{}.heartbeat;
  std::string log;
  LogLevel log_level = LogLevel::info;
  bool die_with_parent = false;
  std::string processes;
  // init
  std::string cluster_id;
  ClusterFile cluster;
  std::uint32_t replicas = 0;  // 0: not given
};

daemon::Command serve_command(Flags& flags) {
  using namespace daemon;
  return {"Routes requests, keeps the cluster map, watches workers. Holds no user data.",
          "  kipu-broker init --data /var/lib/kipu/broker --workers 3\n"
          "  kipu-broker --data /var/lib/kipu/broker\n"
          "  kipu-broker --data /var/lib/kipu/broker --frontend tcp://0.0.0.0:7400\n\n"
          "When it serves, it prints one line: kipu-broker ready frontend=ENDPOINT "
          "backend=ENDPOINT.\n"
          "SIGTERM: finish what is in flight, exit. SIGHUP: open the log file anew.",
          {required(text_option("data", "DIR", "its directory, made by init", flags.data)),
           text_option("frontend", "ENDPOINT",
                       "where clients connect (tcp://127.0.0.1:7400; port 0 chooses a free one)",
                       flags.frontend),
           text_option("backend", "ENDPOINT",
                       "where workers connect (tcp://127.0.0.1:7401; likewise)", flags.backend),
           duration_option("heartbeat", "a worker that misses three is suspect (250ms)",
                           flags.heartbeat),
           text_option("log", "FILE", "append the log to this file (stderr)", flags.log),
           level_option("log-level", "debug, info, warning or error (info)", flags.log_level),
           switch_option("die-with-parent", "stop when the process that started it ends",
                         flags.die_with_parent),
           text_option("processes", "FILE",
                       "what its supervisor says of the processes of this cluster; shown by "
                       "`kipu status`",
                       flags.processes)}};
}

daemon::Command init_command(Flags& flags) {
  using namespace daemon;
  return {"Makes a broker's directory, and a new cluster of which it is the broker.",
          "  kipu-broker init --data /var/lib/kipu/broker --workers 3\n"
          "  kipu-broker init --data /var/lib/kipu/broker --workers 3 --cluster-id HEX\n\n"
          "The second takes the place of a broker whose disk was lost: HEX is the id that\n"
          "`kipu status` showed, and all else comes from the workers.",
          {required(text_option("data", "DIR", "the directory to make", flags.data)),
           required(number_option("workers", "how many workers make the cluster",
                                  {1, limits::kMaxWorkers}, flags.cluster.workers)),
           number_option("replicas", "copies of each partition (3, or one per worker if fewer)",
                         {1, limits::kMaxWorkers}, flags.replicas),
           number_option("partitions", "a power of two (1024)", {1, limits::kMaxPartitions},
                         flags.cluster.partitions),
           text_option("cluster-id", "HEX", "of the cluster whose broker's disk was lost",
                       flags.cluster_id)}};
}

Config to_config(const ClusterFile& cluster, Duration heartbeat) {
  Config config;
  config.cluster = cluster.cluster;
  config.workers = cluster.workers;
  config.replicas = cluster.replicas;
  config.partitions = cluster.partitions;
  config.heartbeat = heartbeat;
  return config;
}

Result<ClusterId> chosen_cluster_id(const Flags& flags) {
  if (flags.cluster_id.empty()) {
    Rng rng = Rng::from_system();
    return ClusterId{Uuid::random(rng)};
  }
  const auto parsed = Uuid::parse(flags.cluster_id);
  if (parsed && !parsed->is_none()) return ClusterId{*parsed};
  return fail(ErrorCode::invalid_argument,
              "--cluster-id: '" + flags.cluster_id + "' is not an id of 32 hex digits");
}

Status init(Flags& flags) {
  const auto id = chosen_cluster_id(flags);
  if (!id) return fail(id.error());
  flags.cluster.cluster = *id;
  flags.cluster.replicas =
      flags.replicas != 0 ? flags.replicas : std::min(kUsualReplicas, flags.cluster.workers);
  auto checked = check_config(to_config(flags.cluster, flags.heartbeat));
  if (!checked) return checked;
  auto written = write_cluster_file(flags.data, flags.cluster);
  if (written) (void)daemon::announce("cluster " + id->id.to_string());
  return written;
}

Status serve_with(const Flags& flags, daemon::Log& log, const ClusterFile& cluster) {
  const auto bus = bus::make_zmq_bus();
  RuntimeOptions options;
  options.config = to_config(cluster, flags.heartbeat);
  options.frontend = flags.frontend;
  options.backend = flags.backend;
  if (!flags.processes.empty()) {
    options.read_processes = [file = flags.processes] { return read_processes_file(file); };
  }
  auto runtime = Runtime::create(*bus, options, Rng::from_system(), log.sink());
  if (!runtime) return fail(runtime.error());
  const daemon::SignalWatcher watcher([&runtime] { (*runtime)->stop(); }, [&log] { log.reopen(); });
  const std::string where =
      "frontend=" + (*runtime)->frontend() + " backend=" + (*runtime)->backend();
  log.write({LogLevel::info, "serving cluster " + cluster.cluster.id.to_string() + " " + where});
  if (!daemon::announce(std::string(kProgram) + " ready " + where)) return {};
  auto status = (*runtime)->run();
  log.write({LogLevel::info, "stopped"});
  return status;
}

Status serve(const Flags& flags) {
  if (flags.die_with_parent) {
    if (auto tied = daemon::die_with_parent(); !tied) return tied;
  }
  const auto descriptors = daemon::raise_descriptor_limit();
  if (!descriptors) return fail(descriptors.error());
  const auto cluster = read_cluster_file(flags.data);
  if (!cluster) return fail(cluster.error());
  const auto lock = storage::lock_directory(flags.data);
  if (!lock) return fail(lock.error());
  const auto log = daemon::Log::open(flags.log, flags.log_level);
  if (!log) return fail(log.error());
  if (*descriptors < kFewDescriptors) {
    (*log)->write({LogLevel::warning, "only " + std::to_string(*descriptors) +
                                          " file descriptors, one for each client and worker: "
                                          "raise `ulimit -n`"});
  }
  auto status = serve_with(flags, **log, *cluster);
  if (!status && (*log)->to_file()) (*log)->write({LogLevel::error, status.error().message});
  return status;
}

int run(int argc, const char* const* argv) {
  daemon::block_signals();
  daemon::keep_files_private();
  daemon::share_one_heap();
  Flags flags;
  const daemon::Program program{kProgram, serve_command(flags), {{"init", init_command(flags)}}};
  const daemon::Parsed parsed = daemon::parse_command_line(program, argc, argv);
  if (parsed.action == daemon::Action::exit) return parsed.exit_code;
  const Status status = parsed.action == daemon::Action::other ? init(flags) : serve(flags);
  return status ? 0 : daemon::complain(kProgram, status.error());
}

}  // namespace
}  // namespace kipu::broker

int main(int argc, char** argv) {
  namespace who = kipu::broker;
  return kipu::run_main(
      [&] { return who::run(argc, argv); },
      [](const kipu::Error& error) { return kipu::daemon::complain(who::kProgram, error); });
}
