// callgraph: wires the command line, the store, the indexer, the questions and the page together.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/standard_streams.h"
#include "examples/callgraph/ask/complete.h"
#include "examples/callgraph/indexer/commands.h"
#include "examples/callgraph/program/arguments.h"
#include "examples/callgraph/program/ask_command.h"
#include "examples/callgraph/program/completion.h"
#include "examples/callgraph/program/times.h"
#include "examples/callgraph/serve/server.h"

namespace {

using callgraph::Arguments;

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr std::size_t kPort = 7480;
constexpr std::size_t kLastPort = 65'535;
constexpr std::chrono::seconds kPatienceOfTyping{1};

int report(const kipu::Error& error) {
  std::cerr << "callgraph: " << error.message << '\n';
  const bool usage = error.code == kipu::ErrorCode::invalid_argument;
  return usage ? kWrongUsage : kFailed;
}

kipu::WallTime now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

kipu::Result<callgraph::IndexOptions> index_options(const Arguments& arguments) {
  const auto compdb = arguments.get("compdb");
  if (!compdb) {
    return kipu::fail(kipu::ErrorCode::invalid_argument,
                      "--compdb DIR is missing: the directory with compile_commands.json, which "
                      "cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON or `bear -- make` writes");
  }
  const auto threads = arguments.number("jobs", 1, 0);
  if (!threads) return kipu::fail(threads.error());
  callgraph::IndexOptions options;
  options.compdb = *compdb;
  options.root = arguments.get("root").value_or("");
  options.threads = *threads;
  options.locals = arguments.has("locals");
  options.everything = arguments.has("everything");
  options.quiet = arguments.has("quiet");
  options.generated = arguments.has("generated");
  for (std::string& path : arguments.all("except")) options.except.emplace_back(std::move(path));
  return options;
}

int facts(const Arguments& arguments) {
  const auto options = index_options(arguments);
  if (!options) return report(options.error());
  return callgraph::run_facts(*options, arguments.operands().front());
}

// What to index, known to be there: asked before a store is reached, or made.
kipu::Result<callgraph::IndexOptions> checked_options(const Arguments& arguments) {
  auto options = index_options(arguments);
  if (!options) return options;
  if (auto checked = callgraph::check(*options); !checked) {
    return kipu::fail(std::move(checked.error()));
  }
  return options;
}

int write_graph(const callgraph::GraphPlace& place, const Arguments& arguments) {
  const auto options = checked_options(arguments);
  if (!options) return report(options.error());
  auto client = callgraph::connect(place);
  if (!client) return report(client.error());
  auto writer = callgraph::GraphWriter::open(*client, place.graph);
  if (!writer) return report(writer.error());
  return arguments.command().name == "watch" ? callgraph::run_watch(*options, *writer)
                                             : callgraph::run_index(*options, *writer);
}

int graphs(kipu::Client& client) {
  const auto names = callgraph::graph_names(client);
  if (!names) return report(names.error());
  for (const std::string& name : *names) std::cout << name << '\n';
  return 0;
}

// Colours where a person looks, unless told otherwise (https://no-color.org).
callgraph::Look look() {
  const auto refused = environment("NO_COLOR");
  const bool wanted = !refused || refused->empty();
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb";
  return wanted && terminal ? callgraph::Look::coloured : callgraph::Look::plain;
}

int ask(kipu::Client& client, const std::string& graph, const Arguments& arguments) {
  const auto output = callgraph::answer(client, graph, arguments, now(), look());
  if (!output) return report(output.error());
  std::cout << output->text;
  for (const std::string& note : output->notes) std::cerr << "callgraph: " << note << '\n';
  return 0;
}

// What ends the server in order: blocked before any thread begins, then waited for.
sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

int serve(kipu::Client& client, const std::string& graph, const Arguments& arguments) {
  const auto port = arguments.number("port", 0, kPort);
  if (!port) return report(port.error());
  if (*port > kLastPort) {
    return report({kipu::ErrorCode::invalid_argument, "--port takes a number up to 65535"});
  }
  callgraph::ServerOptions options;
  options.graph = graph;
  options.port = static_cast<std::uint16_t>(*port);
  if (const auto time = arguments.get("as-of")) {
    const auto until = callgraph::end_of(*time, now());
    if (!until) return report(until.error());
    options.until = *until;
  }
  auto server = callgraph::Server::start(client, options);
  if (!server) return report(server.error());
  std::cout << fmt::format("serving graph {} at http://127.0.0.1:{}/", graph, (*server)->port())
            << std::endl;
  if (!std::cout) return 0;  // said where the program ends: nobody knows that it serves
  const sigset_t signals = ending_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

// Who only asks makes no store.
bool has_store(const std::filesystem::path& directory) {
  std::error_code failed;
  return std::filesystem::is_directory(directory, failed) &&
         !std::filesystem::is_empty(directory, failed);
}

kipu::Result<std::vector<std::string>> candidates(kipu::Client& client, const std::string& graph,
                                                  callgraph::Completion::Kind kind,
                                                  const std::string& typed) {
  constexpr std::size_t kMost = 200;
  if (kind == callgraph::Completion::Kind::graphs) return callgraph::graph_names(client);
  auto snapshot = callgraph::Snapshot::open(client, graph);
  if (!snapshot) return kipu::fail(snapshot.error());
  if (kind == callgraph::Completion::Kind::files) {
    return callgraph::complete_file(*snapshot, typed, kMost);
  }
  return callgraph::complete_symbol(*snapshot, typed, kMost);
}

// Who types wants no message: what cannot be found out has no candidates.
int complete(const std::vector<std::string>& typed) {
  using Kind = callgraph::Completion::Kind;
  callgraph::Completion completion = callgraph::completion_of(typed);
  if (completion.kind == Kind::paths) completion.words = {"//paths"};  // known to the script
  const bool from_graph = completion.kind != Kind::paths && completion.kind != Kind::words;
  if (from_graph) {
    std::vector<std::string> words = callgraph::place_options(typed);
    words.emplace_back("graphs");
    auto place = Arguments::parse(words)->place(environment("KIPU_BROKER"));
    if (!place || (place->directory && !has_store(*place->directory))) return kFailed;
    place->patience = kPatienceOfTyping;
    auto client = callgraph::connect(*place);
    if (!client) return kFailed;
    auto found = candidates(*client, place->graph, completion.kind, typed.back());
    if (!found) return kFailed;
    completion.words = std::move(*found);
  }
  for (const std::string& word : completion.words) std::cout << word << '\n';
  return 0;
}

int read_graph(const callgraph::GraphPlace& place, const Arguments& arguments) {
  if (place.directory && !has_store(*place.directory)) {
    return report({kipu::ErrorCode::invalid_argument,
                   fmt::format("there is no store in {0}: `callgraph index --embedded {0} --compdb "
                               "DIR` makes one",
                               *place.directory)});
  }
  const std::string_view command = arguments.command().name;
  if (command == "serve") {
    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }
  auto client = callgraph::connect(place);
  if (!client) return report(client.error());
  if (command == "graphs") return graphs(*client);
  if (command == "serve") return serve(*client, place.graph, arguments);
  return ask(*client, place.graph, arguments);
}

int with_graph(const Arguments& arguments) {
  const auto place = arguments.place(environment("KIPU_BROKER"));
  if (!place) return report(place.error());
  const std::string_view command = arguments.command().name;
  const bool writes = command == "index" || command == "watch";
  return writes ? write_graph(*place, arguments) : read_graph(*place, arguments);
}

int help(const Arguments& arguments) {
  if (arguments.operands().empty()) {
    std::cout << callgraph::overview();
    return 0;
  }
  const auto* command = callgraph::command_named(arguments.operands().front());
  if (command == nullptr) {
    return report(
        {kipu::ErrorCode::invalid_argument,
         fmt::format("there is no command '{}': `callgraph help` lists those that there are",
                     arguments.operands().front())});
  }
  std::cout << callgraph::help_of(*command);
  return 0;
}

int run(const std::vector<std::string>& words) {
  const auto arguments = Arguments::parse(words);
  if (!arguments) return report(arguments.error());
  const std::string_view command = arguments->command().name;
  if (command == "help") return help(*arguments);
  if (arguments->has("help")) {
    std::cout << callgraph::help_of(arguments->command());
    return 0;
  }
  if (command == "completion") {
    std::cout << callgraph::bash_completion();
    return 0;
  }
  if (command == "complete") return complete(arguments->operands());
  if (command == "facts") return facts(*arguments);
  return with_graph(*arguments);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  return kipu::run_main([&] { return run(words); }, report);
}
