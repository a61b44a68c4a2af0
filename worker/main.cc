// kipu-worker: one shard of a cluster, over a LevelDB store.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "base/limits.h"
#include "base/random.h"
#include "base/shell_quoted.h"
#include "base/standard_streams.h"
#include "bus/daemon/command_line.h"
#include "bus/daemon/host.h"
#include "bus/daemon/log.h"
#include "bus/zmq_bus.h"
#include "schema/codec.h"
#include "storage/leveldb_store.h"
#include "worker/runtime.h"

namespace kipu::worker {
namespace {

constexpr const char* kProgram = "kipu-worker";
constexpr std::uint64_t kFewDescriptors = 1024;
constexpr std::chrono::milliseconds kLookAgain{5};

struct Flags {
  std::string data;
  // init
  StoreId instead_of;
  bool accepts_loss = false;
  // accept-loss
  Duration wait = std::chrono::milliseconds(1);
  // serve
  std::string broker = "tcp://127.0.0.1:7401";
  PeerOptions peers{"tcp://127.0.0.1:*", "tcp://127.0.0.1:*", ""};
  std::uint32_t weight = Config{}.weight;
  std::string zone;
  std::uint32_t readers = 2;
  Duration heartbeat = Config{}.heartbeat;
  Duration beacon = Config{}.beacon;
  std::uint64_t reserve = Config{}.reserve_bytes;
  std::string log;
  LogLevel log_level = LogLevel::info;
  bool die_with_parent = false;
  std::string replace_with;
  std::string accept_loss_with;
};

// Refused here, since a broker could only say that the hello of such a worker does not decode.
daemon::Option zone_option(std::string& into) {
  auto option =
      daemon::text_option("zone", "NAME", "where it runs: replicas are spread over zones", into);
  option.set = [set = option.set](const std::string& text) -> Status {
    if (text.size() <= limits::kMaxZoneBytes) return set(text);
    return fail(ErrorCode::invalid_argument, "the name of a zone has at most " +
                                                 std::to_string(limits::kMaxZoneBytes) + " bytes");
  };
  return option;
}

daemon::Command serve_command(Flags& flags) {
  using namespace daemon;
  return {
      "Stores one shard of a cluster, and serves it through the broker.",
      "  kipu-worker init --data /var/lib/kipu/worker\n"
      "  kipu-worker --data /var/lib/kipu/worker --broker tcp://10.0.0.1:7401 "
      "--stream tcp://10.0.0.2:7402 --peer tcp://10.0.0.2:7403\n"
      "  kipu-worker --data DIR --broker tcp://db0:7401 --stream tcp://0.0.0.0:7402 "
      "--peer tcp://0.0.0.0:7403 --advertise db1\n\n"
      "When its store is open, it prints one line: kipu-worker ready store=ID "
      "broker=ENDPOINT stream=ENDPOINT peer=ENDPOINT.\n"
      "SIGTERM: finish what is in flight, close the store, exit. SIGHUP: open the log file "
      "anew.",
      {required(text_option("data", "DIR", "its store, made by init", flags.data)),
       text_option("broker", "ENDPOINT", "the broker's backend (tcp://127.0.0.1:7401)",
                   flags.broker),
       text_option("stream", "ENDPOINT",
                   "publish to other workers here (tcp://127.0.0.1:*, a free port)",
                   flags.peers.stream),
       text_option("peer", "ENDPOINT",
                   "let other workers ask here (tcp://127.0.0.1:*, a free port)", flags.peers.peer),
       text_option("advertise", "HOST",
                   "where other workers find these two (the host that is bound)",
                   flags.peers.advertise),
       number_option("weight", "its share, relative to other workers' (1)", {1, limits::kMaxWeight},
                     flags.weight),
       zone_option(flags.zone),
       number_option("readers", "threads that read the store (2)", {1, 64}, flags.readers),
       duration_option("heartbeat", "how often it tells the broker how it does (250ms)",
                       flags.heartbeat),
       duration_option("beacon", "how often its stream says how far it is (250ms)", flags.beacon),
       size_option("reserve",
                   "refuse writes while less of the disk is free (256MiB); less than 64MiB may "
                   "not last for what the engine does by itself",
                   flags.reserve),
       text_option("log", "FILE", "append the log to this file (stderr)", flags.log),
       level_option("log-level", "debug, info, warning or error (info)", flags.log_level),
       switch_option("die-with-parent", "stop when the process that started it ends",
                     flags.die_with_parent),
       text_option("replace-with", "COMMAND",
                   "what its messages name to begin a new store in the place of one that is lost "
                   "(kipu-worker init)",
                   flags.replace_with),
       text_option("accept-loss-with", "COMMAND",
                   "what its messages name where too few replicas are whole to fill the others "
                   "(kipu-worker accept-loss)",
                   flags.accept_loss_with)}};
}

daemon::Option lost_store_option(StoreId& into) {
  return {"store", "ID",
          "take the place of this store, which is lost: the new one begins empty, and serves "
          "nothing before it has fetched from the other replicas what it should hold",
          [&into](const std::string& text) -> Status {
            const auto id = Uuid::parse(text);
            if (id && !id->is_none()) {
              into.id = *id;
              return {};
            }
            return fail(ErrorCode::invalid_argument,
                        "a store's id is 32 hex digits, as `kipu status -o json` shows it");
          }};
}

daemon::Command init_command(Flags& flags) {
  using namespace daemon;
  return {
      "Makes an empty store. It joins the cluster of the broker that it first serves.",
      "  kipu-worker init --data /var/lib/kipu/worker\n"
      "  kipu-worker init --data /var/lib/kipu/worker --store ID\n\n"
      "The second takes the place of a store that is lost.",
      {required(text_option("data", "DIR", "the directory to make", flags.data)),
       lost_store_option(flags.instead_of),
       switch_option("accept-loss",
                     "with --store: where the other replicas are not whole either, what none of "
                     "them has is lost for good, and this one is whole once it has all that they "
                     "have",
                     flags.accepts_loss)}};
}

daemon::Command show_command(Flags& flags) {
  using namespace daemon;
  return {"Says what a store is, as one line of JSON, without opening it.",
          "  kipu-worker show --data /var/lib/kipu/worker",
          {required(text_option("data", "DIR", "the store", flags.data))}};
}

daemon::Command accept_loss_command(Flags& flags) {
  using namespace daemon;
  return {
      "Accepts that what no replica has any more is lost, so that this store can serve again.",
      "  kipu-worker accept-loss --data /var/lib/kipu/worker\n\n"
      "For replicas of which too few are whole to fill the others, as after several were put back "
      "from old copies. While its worker is stopped; once that runs again, the store is whole when "
      "it has all that all the others have. What was acknowledged, and none of them has, is "
      "missing from then on. `kipu worker accept-loss` does this to a cluster of `kipu up`.",
      {required(text_option("data", "DIR", "the store", flags.data)),
       duration_option("wait", "how long to wait for a worker to let go of it (1ms)", flags.wait)}};
}

// The first name beside `data` that nothing has.
std::string free_name(const std::string& data) {
  std::string name = data;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  name += ".lost";
  std::error_code error;
  std::string found = name;
  for (int number = 2; std::filesystem::exists(found, error); ++number) {
    found = name + "-" + std::to_string(number);
  }
  return found;
}

// How a store that is lost is replaced, as commands to type.
std::string replacement(const Flags& flags, ErrorCode code) {
  if (!flags.replace_with.empty()) {
    return "`" + flags.replace_with + "` begins a new one in its place";
  }
  const std::string data = shell_quoted(flags.data);
  const std::string init = "kipu-worker init --data " + data;
  if (code == ErrorCode::not_a_store) {
    return "`" + init + "` makes one for a new cluster, and `" + init +
           " --store ID` one in the place of a lost one, whose ID `kipu status -o json` shows";
  }
  // Whom the broker refused has the wrong id.
  const auto found = storage::inspect_leveldb_store(flags.data);
  const bool known = found && code == ErrorCode::corrupt;
  return "`mv -T " + data + " " + shell_quoted(free_name(flags.data)) + " && " + init +
         " --store " + (known ? found->info.store.id.to_string() : "ID") + "` begins a new one" +
         (known ? "" : ", with the ID that `kipu status -o json` shows");
}

// What is wrong with a store, and what to do about it.
Error with_replacement(const Flags& flags, Error error) {
  if (error.code == ErrorCode::corrupt || error.code == ErrorCode::unsupported) {
    error.message += "; or, where other replicas hold its data, " + replacement(flags, error.code);
  }
  if (error.code == ErrorCode::not_a_store) {
    error.message += error.message.find('`') == std::string::npos ? ": " : "; or ";
    error.message += replacement(flags, error.code);
  }
  return error;
}

std::string as_json(const char* name, const std::string& text) {
  std::string out = "\"";
  out += name;
  out += "\":\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return out + "\"";
}

std::string as_json(const char* name, std::uint64_t number) {
  return std::string("\"") + name + "\":" + std::to_string(number);
}

std::string id_or_nothing(const Uuid& id) {
  return id.is_none() ? std::string() : id.to_string();
}

const char* name_of(storage::Wholeness::Kind kind) {
  switch (kind) {
    case storage::Wholeness::Kind::unborn:
      return "unborn";
    case storage::Wholeness::Kind::none:
      return "none";
    case storage::Wholeness::Kind::all_but:
      return "all_but";
  }
  return "";
}

std::string describe(const storage::StoreSummary& found, const schema::ClusterMap& map) {
  const storage::StoreInfo& info = found.info;
  std::string out =
      "{" + as_json("store", info.store.id.to_string()) + "," +
      as_json("cluster", id_or_nothing(info.cluster.id)) + "," + as_json("format", found.format) +
      "," + as_json("whole", name_of(info.whole.kind)) + "," +
      as_json("not_whole", info.whole.missing.size()) + "," +
      as_json("damage", found.database ? "" : found.database.error().message) + "," +
      as_json("generation", map.version.generation) + "," + as_json("nonce", map.version.nonce) +
      "," + as_json("epoch", map.version.epoch) + "," +
      as_json("partitions", map.placement.size()) + "," +
      as_json("replicas", info.map.empty() ? 0 : map.replicas) + ",\"workers\":[";
  for (const schema::Worker& worker : map.workers) {
    if (out.back() != '[') out += ',';
    out += "{" + as_json("id", worker.id.to_string()) + "," +
           as_json("store", worker.store.id.to_string()) + "}";
  }
  return out + "]}";
}

Status show(const Flags& flags) {
  const auto found = storage::inspect_leveldb_store(flags.data);
  if (!found) return fail(with_replacement(flags, found.error()));
  schema::ClusterMap map;
  if (!found->info.map.empty()) {
    auto decoded = schema::decode<schema::ClusterMap>(found->info.map);
    if (!decoded) {
      return fail(ErrorCode::corrupt,
                  "the cluster map in " + flags.data + " is none: " + decoded.error().message);
    }
    map = std::move(*decoded);
  }
  // Whether that was taken is asked where the program ends.
  static_cast<void>(daemon::announce(describe(*found, map)));
  return {};
}

Status init(const Flags& flags) {
  Rng rng = Rng::from_system();
  if (flags.accepts_loss && flags.instead_of.is_none()) {
    return fail(
        ErrorCode::invalid_argument,
        "--accept-loss is about the store whose place the new one takes: name it by --store");
  }
  return storage::init_leveldb_store(flags.data, rng, flags.instead_of, flags.accepts_loss);
}

Status accept_loss(const Flags& flags) {
  const auto until = std::chrono::steady_clock::now() + flags.wait;
  while (true) {
    const Status accepted = storage::accept_loss(flags.data);
    const bool again = !accepted && accepted.error().code == ErrorCode::in_use &&
                       std::chrono::steady_clock::now() < until;
    if (!again) return accepted;
    std::this_thread::sleep_for(kLookAgain);
  }
}

RuntimeOptions to_options(const Flags& flags) {
  RuntimeOptions options;
  options.config.weight = flags.weight;
  options.config.zone = flags.zone;
  options.config.heartbeat = flags.heartbeat;
  options.config.beacon = flags.beacon;
  options.config.reserve_bytes = flags.reserve;
  options.config.accept_loss_with =
      flags.accept_loss_with.empty() ? "`kipu-worker accept-loss --data " +
                                           shell_quoted(flags.data) + "`, with this worker stopped,"
                                     : "`" + flags.accept_loss_with + "`";
  options.broker = flags.broker;
  options.peers = flags.peers;
  options.readers = static_cast<int>(flags.readers);
  return options;
}

Status serve_with(const Flags& flags, daemon::Log& log, storage::Store& store) {
  const auto bus = bus::make_zmq_bus();
  auto runtime = Runtime::create(*bus, store, to_options(flags), Rng::from_system(), log.sink());
  if (!runtime) return fail(runtime.error());
  const daemon::SignalWatcher watcher([&runtime] { (*runtime)->stop(); }, [&log] { log.reopen(); });
  const schema::Endpoints& endpoints = (*runtime)->endpoints();
  const std::string what = "store=" + store.info().store.id.to_string() +
                           " broker=" + flags.broker + " stream=" + endpoints.stream +
                           " peer=" + endpoints.peer;
  log.write({LogLevel::info, "serving " + what});
  if (!daemon::announce(std::string(kProgram) + " ready " + what)) return {};
  auto status = (*runtime)->run();
  if (status) return {};
  status = fail(with_replacement(flags, status.error()));
  if (log.to_file()) log.write({LogLevel::error, status.error().message});
  const int exit_code = daemon::complain(kProgram, status.error());
  // Without closing anything: the disk may have failed, and then closing may wait for ever.
  std::_Exit(exit_code);
}

Status serve(const Flags& flags) {
  if (flags.die_with_parent) {
    if (auto tied = daemon::die_with_parent(); !tied) return tied;
  }
  const auto descriptors = daemon::raise_descriptor_limit();
  if (!descriptors) return fail(descriptors.error());
  const auto log = daemon::Log::open(flags.log, flags.log_level);
  if (!log) return fail(log.error());
  if (*descriptors < kFewDescriptors) {
    (*log)->write({LogLevel::warning, "only " + std::to_string(*descriptors) +
                                          " file descriptors: raise `ulimit -n`"});
  }
  Rng rng = Rng::from_system();
  const auto store = storage::open_leveldb_store(flags.data, storage::LevelDbOptions{}, rng);
  auto status = store ? serve_with(flags, **log, **store)
                      : Status(fail(with_replacement(flags, store.error())));
  if (status) (*log)->write({LogLevel::info, "stopped"});
  if (!status && (*log)->to_file()) (*log)->write({LogLevel::error, status.error().message});
  return status;
}

Status run(const daemon::Parsed& parsed, const Flags& flags) {
  if (parsed.action == daemon::Action::serve) return serve(flags);
  if (parsed.word == "init") return init(flags);
  if (parsed.word == "show") return show(flags);
  return accept_loss(flags);
}

int run(int argc, const char* const* argv) {
  daemon::block_signals();
  daemon::keep_files_private();
  daemon::share_one_heap();
  Flags flags;
  const daemon::Program program{kProgram,
                                serve_command(flags),
                                {{"init", init_command(flags)},
                                 {"show", show_command(flags)},
                                 {"accept-loss", accept_loss_command(flags)}}};
  const daemon::Parsed parsed = daemon::parse_command_line(program, argc, argv);
  if (parsed.action == daemon::Action::exit) return parsed.exit_code;
  const Status status = run(parsed, flags);
  return status ? 0 : daemon::complain(kProgram, status.error());
}

}  // namespace
}  // namespace kipu::worker

int main(int argc, char** argv) {
  namespace who = kipu::worker;
  return kipu::run_main(
      [&] { return who::run(argc, argv); },
      [](const kipu::Error& error) { return kipu::daemon::complain(who::kProgram, error); });
}
