// One translation unit, read with libclang: what each file of the project says that it shows.
#pragma once

#include <string>
#include <vector>

#include "examples/callgraph/facts.h"
#include "examples/callgraph/indexer/claims.h"
#include "examples/callgraph/indexer/compile_commands.h"
#include "examples/callgraph/indexer/source_files.h"

namespace callgraph {

struct ReadOptions {
  ProjectFiles project;  // of the project
  bool locals = false;   // variables and parameters within functions, too
};

struct ReadFile {
  SourceFile file;  // as the compiler read it
  FileFacts facts;
};

struct ReadUnit {
  std::vector<ReadFile> files;     // those that no one had claimed; the main file last
  std::vector<std::string> shown;  // paths of all files of the project in it, sorted
  std::string error;               // the first one; empty if there is none
  std::size_t errors = 0;
  bool parsed = false;  // false: nothing is known, `error` says why
};

// Reads the unit of `command`. Files of the project that it shows are read if nobody has claimed
// them with these conditional parts and these names at its top; a unit with errors claims nothing,
// because what it shows may be incomplete.
//
// Thread rule: any number of threads at once; `claims` may be shared by them.
[[nodiscard]] ReadUnit read_unit(const CompileCommand& command, const ReadOptions& options,
                                 Claims& claims);

}  // namespace callgraph
