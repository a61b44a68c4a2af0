#include "examples/callgraph/indexer/driver.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include <unistd.h>

#include "examples/callgraph/indexer/file_watch.h"
#include "examples/callgraph/indexer/round.h"
#include "examples/callgraph/indexer/stop_signals.h"

namespace callgraph {

namespace fs = std::filesystem;

namespace {

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;
// Where stderr is no terminal, a line this often.
constexpr std::chrono::seconds kBetweenLines{10};

// On stderr: one line that changes on a terminal, else a line now and then.
class Progress {
 public:
  explicit Progress(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void operator()(std::size_t done, std::size_t all, const std::string& path) {
    if (quiet_) return;
    if (terminal_) {
      std::cerr << "\r\033[K[" << done << '/' << all << "] " << path << std::flush;
      shown_ = true;
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kBetweenLines) return;
    last_ = now;
    std::cerr << "callgraph: read " << done << " of " << all << " translation units\n";
  }

 private:
  const bool quiet_;
  const bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

RoundOptions round_options(const IndexOptions& options) {
  RoundOptions round;
  round.compdb = options.compdb;
  round.root = options.root.empty() ? root_of(options.compdb) : options.root;
  std::error_code failed;
  const fs::path real = fs::weakly_canonical(round.root, failed);
  if (!failed) round.root = real;
  round.threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  round.locals = options.locals;
  round.everything = options.everything;
  round.generated = options.generated;
  return round;
}

// `options.except` as the round wants it: a name that leaves nothing out would be a mistake.
kipu::Status leave_out(const IndexOptions& options, RoundOptions& round) {
  for (const fs::path& path : options.except) {
    std::error_code failed;
    const fs::path whole = fs::canonical(round.root / path, failed);
    if (failed) {
      return kipu::fail(kipu::ErrorCode::invalid_argument,
                        "--except " + path.string() + ": there is no such folder or file in " +
                            round.root.string() + "; name it from there");
    }
    round.except.push_back(whole);
  }
  return {};
}

int report(const kipu::Error& error) {
  std::cerr << "callgraph: " << error.message << '\n';
  return kFailed;
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

void report_left_out(const RoundResult& result) {
  if (result.outside > 0) {
    std::cerr << "callgraph: left out " << counted(result.outside, "source")
              << " outside the root; --root DIR names another\n";
  }
  if (result.generated > 0) {
    std::cerr << "callgraph: left out " << counted(result.generated, "source") << " in "
              << result.build_folder << ", the build folder; --generated indexes them, too\n";
  }
}

void report_errors(const RoundResult& result) {
  if (result.with_errors.empty()) return;
  std::cerr << "callgraph: " << counted(result.with_errors.size(), "translation unit")
            << " with errors, indexed as far as parsed:\n";
  for (const auto& [path, error] : result.with_errors) {
    std::cerr << "  " << path << " (" << counted(error.second, "error") << "): " << error.first
              << '\n';
  }
}

void summarise(const RoundResult& result, std::ostream& out) {
  if (result.stopped) {
    out << "interrupted: read " << result.units << " of "
        << counted(result.planned, "translation unit") << ", reindexed "
        << counted(result.reindexed.size(), "file")
        << "; what is finished is in the graph, the same command goes on with the rest"
        << std::endl;
    return;
  }
  out << "reindexed " << result.reindexed.size() << " of " << counted(result.files.size(), "file");
  if (result.removed > 0) out << ", removed " << result.removed;
  out << std::endl;
}

kipu::Result<RoundResult> run_round(const IndexOptions& options, GraphPort& graph,
                                    const StopSignals& stop) {
  RoundOptions how = round_options(options);
  if (auto left_out = leave_out(options, how); !left_out) return kipu::fail(left_out.error());
  Progress progress(options.quiet);
  Round round(std::move(how), graph, stop.requested(), std::ref(progress));
  return round.run();
}

// The files that the graph has, and the compile database.
std::set<fs::path> watched(const IndexOptions& options, const RoundResult& result) {
  const fs::path root = round_options(options).root;
  std::set<fs::path> files;
  for (const std::string& path : result.files) files.insert(root / path);
  std::error_code none;
  const fs::path compdb = fs::is_directory(options.compdb, none)
                              ? options.compdb / "compile_commands.json"
                              : options.compdb;
  files.insert(fs::weakly_canonical(compdb, none));
  return files;
}

bool changed_something(const RoundResult& result) {
  return !result.reindexed.empty() || result.removed > 0;
}

// Rounds until nothing new is to be watched: a directory may change before its watch begins.
kipu::Status catch_up(const IndexOptions& options, GraphPort& graph, const StopSignals& stop,
                      FileWatch& watch, bool first, std::ostream& out) {
  IndexOptions round = options;
  round.everything = options.everything && first;
  bool announced = !first;
  for (bool grown = true; grown && !stop.requested(); round.everything = false) {
    const auto result = run_round(round, graph, stop);
    if (!result) return kipu::fail(result.error());
    if (!announced && !options.quiet) report_left_out(*result);
    report_errors(*result);
    if (!options.quiet && (!announced || changed_something(*result))) summarise(*result, out);
    announced = true;
    const auto files = watched(options, *result);
    const auto watching = watch.watch(files);
    if (!watching) return kipu::fail(watching.error());
    grown = *watching;
    if (first && !grown) out << "watching " << counted(files.size(), "file") << std::endl;
  }
  return {};
}

}  // namespace

kipu::Status check(const IndexOptions& options) {
  RoundOptions round = round_options(options);
  const auto commands = read_compile_commands(round.compdb, round.root);
  if (!commands) return kipu::fail(commands.error());
  return leave_out(options, round);
}

int index_once(const IndexOptions& options, GraphPort& graph, std::ostream& out) {
  const StopSignals stop;
  const auto result = run_round(options, graph, stop);
  if (!result) return report(result.error());
  if (!options.quiet) report_left_out(*result);
  report_errors(*result);
  if (!options.quiet) summarise(*result, out);
  return result->stopped ? kInterrupted : 0;
}

int index_and_watch(const IndexOptions& options, GraphPort& graph, std::ostream& out) {
  const StopSignals stop;
  auto watch = FileWatch::open();
  if (!watch) return report(watch.error());
  bool first = true;
  for (;;) {
    const auto done = catch_up(options, graph, stop, *watch, first, out);
    // A compile database that is being rewritten, or a graph out of reach: the next change tries
    // again, but the first round must succeed.
    if (!done && first) return report(done.error());
    if (!done) report(done.error());
    first = false;
    if (stop.requested() || !out) return 0;  // who started it asks why `out` took no more
    const auto changed = watch->wait(stop.fd());
    if (!changed) return report(changed.error());
  }
}

}  // namespace callgraph
