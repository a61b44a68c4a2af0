#include <algorithm>
#include <iostream>

#include "examples/callgraph/indexer/commands.h"
#include "examples/callgraph/indexer/compile_commands.h"
#include "examples/callgraph/indexer/facts_json.h"
#include "examples/callgraph/indexer/unit.h"

namespace callgraph {

namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;

int fail_with(const std::string& message) {
  std::cerr << "callgraph: " << message << '\n';
  return kFailed;
}

// Reads `command` and prints what `path` says there. False if the unit does not show it.
bool print_from(const CompileCommand& command, const ReadOptions& options, const fs::path& path) {
  Claims claims;
  const ReadUnit read = read_unit(command, options, claims);
  for (const ReadFile& file : read.files) {
    if (options.project.root / file.file.path != path) continue;
    if (read.errors > 0) std::cerr << "callgraph: " << read.error << '\n';
    std::cout << facts_json(file.file, file.facts) << '\n';
    return true;
  }
  return false;
}

}  // namespace

int run_facts(const IndexOptions& options, const fs::path& source) {
  std::error_code failed;
  const fs::path root =
      options.root.empty() ? root_of(options.compdb) : fs::weakly_canonical(options.root, failed);
  const auto commands = read_compile_commands(options.compdb, root);
  if (!commands) return fail_with(commands.error().message);
  const fs::path path = fs::weakly_canonical(fs::exists(source) ? source : root / source, failed);
  if (!fs::exists(path)) {
    return fail_with("there is no file " + source.string() + ", neither here nor in " +
                     root.string());
  }
  const ReadOptions reading{{root}, options.locals};
  const auto own = std::ranges::find(*commands, path, &CompileCommand::source);
  if (own != commands->end()) {
    return print_from(*own, reading, path) ? 0 : fail_with("cannot read " + path.string());
  }
  for (const CompileCommand& command : *commands) {
    if (print_from(command, reading, path)) return 0;
  }
  return fail_with("no command of " + options.compdb.string() + " compiles or includes " +
                   path.string());
}

}  // namespace callgraph
