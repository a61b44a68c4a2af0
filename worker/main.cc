// kipu-worker: one shard of a cluster, over a LevelDB store.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/random.h"
#include "bus/daemon/command_line.h"
#include "bus/daemon/host.h"
#include "bus/daemon/log.h"
#include "bus/zmq_bus.h"
#include "storage/leveldb_store.h"
#include "worker/runtime.h"

namespace kipu::worker {
namespace {

constexpr const char* kProgram = "kipu-worker";
constexpr std::uint64_t kFewDescriptors = 1024;

struct Flags {
  std::string data;
  // serve
  std::string broker = "tcp://127.0.0.1:7401";
  std::uint32_t weight = Config{}.weight;
  std::string zone;
  std::uint32_t readers = 2;
  Duration heartbeat = Config{}.heartbeat;
  std::uint64_t reserve = Config{}.reserve_bytes;
  std::string log;
  LogLevel log_level = LogLevel::info;
  bool die_with_parent = false;
};

daemon::Command serve_command(Flags& flags) {
  using namespace daemon;
  return {"Stores one shard of a cluster, and serves it through the broker.",
          "  kipu-worker init --data /var/lib/kipu/worker\n"
          "  kipu-worker --data /var/lib/kipu/worker --broker tcp://10.0.0.1:7401\n\n"
          "When its store is open, it prints one line: kipu-worker ready store=ID "
          "broker=ENDPOINT.\n"
          "SIGTERM: finish what is in flight, close the store, exit. SIGHUP: open the log file "
          "anew.",
          {required(text_option("data", "DIR", "its store, made by init", flags.data)),
           text_option("broker", "ENDPOINT", "the broker's backend (tcp://127.0.0.1:7401)",
                       flags.broker),
           number_option("weight", "its share, relative to other workers' (1)", {1, 1000},
                         flags.weight),
           text_option("zone", "NAME", "where it runs: replicas are spread over zones", flags.zone),
           number_option("readers", "threads that read the store (2)", {1, 64}, flags.readers),
           duration_option("heartbeat", "how often it tells the broker how it does (250ms)",
                           flags.heartbeat),
           size_option("reserve",
                       "refuse writes while less of the disk is free (256MiB); less than 64MiB may "
                       "not last for what the engine does by itself",
                       flags.reserve),
           text_option("log", "FILE", "append the log to this file (stderr)", flags.log),
           level_option("log-level", "debug, info, warning or error (info)", flags.log_level),
           switch_option("die-with-parent", "stop when the process that started it ends",
                         flags.die_with_parent)}};
}

daemon::Command init_command(Flags& flags) {
  using namespace daemon;
  return {"Makes an empty store. It joins the cluster of the broker that it first serves.",
          "  kipu-worker init --data /var/lib/kipu/worker",
          {required(text_option("data", "DIR", "the directory to make", flags.data))}};
}

Status init(const Flags& flags) {
  Rng rng = Rng::from_system();
  return storage::init_leveldb_store(flags.data, rng);
}

RuntimeOptions to_options(const Flags& flags) {
  RuntimeOptions options;
  options.config.weight = flags.weight;
  options.config.zone = flags.zone;
  options.config.heartbeat = flags.heartbeat;
  options.config.reserve_bytes = flags.reserve;
  options.broker = flags.broker;
  options.readers = static_cast<int>(flags.readers);
  return options;
}

Status serve_with(const Flags& flags, daemon::Log& log, storage::Store& store) {
  const auto bus = bus::make_zmq_bus();
  auto runtime = Runtime::create(*bus, store, to_options(flags), Rng::from_system(), log.sink());
  if (!runtime) return fail(runtime.error());
  const daemon::SignalWatcher watcher([&runtime] { (*runtime)->stop(); }, [&log] { log.reopen(); });
  const std::string what = "store=" + store.info().store.id.to_string() + " broker=" + flags.broker;
  log.write({LogLevel::info, "serving " + what});
  daemon::announce(std::string(kProgram) + " ready " + what);
  const auto status = (*runtime)->run();
  if (status) return {};
  if (log.to_file()) log.write({LogLevel::error, status.error().message});
  daemon::complain(kProgram, status.error());
  // Without closing anything: the disk may have failed, and then closing may wait for ever.
  std::_Exit(daemon::exit_code_of(status.error()));
}

Status serve(const Flags& flags) {
  if (flags.die_with_parent) {
    if (auto tied = daemon::die_with_parent(); !tied) return tied;
  }
  const std::uint64_t descriptors = daemon::raise_descriptor_limit();
  const auto log = daemon::Log::open(flags.log, flags.log_level);
  if (!log) return fail(log.error());
  if (descriptors < kFewDescriptors) {
    (*log)->write({LogLevel::warning,
                   "only " + std::to_string(descriptors) + " file descriptors: raise `ulimit -n`"});
  }
  Rng rng = Rng::from_system();
  const auto store = storage::open_leveldb_store(flags.data, storage::LevelDbOptions{}, rng);
  auto status = store ? serve_with(flags, **log, **store) : Status(fail(store.error()));
  if (status) (*log)->write({LogLevel::info, "stopped"});
  if (!status && (*log)->to_file()) (*log)->write({LogLevel::error, status.error().message});
  return status;
}

int run(int argc, const char* const* argv) {
  daemon::block_signals();
  Flags flags;
  const daemon::Program program{kProgram, serve_command(flags), init_command(flags)};
  const daemon::Parsed parsed = daemon::parse_command_line(program, argc, argv);
  if (parsed.action == daemon::Action::exit) return parsed.exit_code;
  const Status status = parsed.action == daemon::Action::init ? init(flags) : serve(flags);
  if (status) return 0;
  daemon::complain(kProgram, status.error());
  return daemon::exit_code_of(status.error());
}

}  // namespace
}  // namespace kipu::worker

int main(int argc, char** argv) {
  return kipu::worker::run(argc, argv);
}
