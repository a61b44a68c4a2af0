// Which translation units are to be read again.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "examples/callgraph/graph/writer.h"
#include "examples/callgraph/indexer/compile_commands.h"
#include "examples/callgraph/indexer/source_files.h"

namespace callgraph {

// A source file, and all the ways in which it is compiled.
struct Unit {
  std::string path;  // relative to the root
  std::vector<CompileCommand> commands;
  std::string digest;  // MD5 of the commands
};

// Sources that are not the project's, each counted once.
struct LeftOut {
  std::set<std::filesystem::path> outside;                 // of the root
  std::vector<std::set<std::filesystem::path>> by_folder;  // in the order of ProjectFiles::left_out
};

// One unit for each source of the project, in the order of the commands.
[[nodiscard]] std::vector<Unit> units_of(const std::vector<CompileCommand>& commands,
                                         const ProjectFiles& project, LeftOut& left_out);

struct Plan {
  std::vector<const Unit*> units;  // to be read
  std::set<std::string> changed;   // files whose content differs from the graph's
  std::vector<std::string> gone;   // files that the graph has and the disk has not
};

// A unit is read if the graph does not have it, if its commands or its file changed, or if a file
// changed that it includes, through others too. `units` outlive the plan.
[[nodiscard]] Plan plan_of(const std::vector<Unit>& units,
                           const std::map<std::string, FileRecord>& known,
                           const std::function<OnDisk(const SourceFile&)>& on_disk);

}  // namespace callgraph
