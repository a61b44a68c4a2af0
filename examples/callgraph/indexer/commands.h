// What `callgraph index` and `callgraph watch` do.
//
// Thread rule: call one of them, once, from the main thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "examples/callgraph/graph/writer.h"

namespace callgraph {

struct IndexOptions {
  std::filesystem::path compdb;  // compile_commands.json, or the directory that has it
  std::filesystem::path root;    // of the project; empty: the nearest folder above the compdb
                                 // with .git, or else the one above the compdb's own
  std::size_t threads = 0;       // 0: as many as the machine runs at once
  bool locals = false;           // variables and parameters within functions, too
  bool everything = false;       // index all files, changed or not
  bool generated = false;        // what stands in the build folder, too
  // What is not to be indexed: folders or files, below the root unless they are absolute.
  std::vector<std::filesystem::path> except = {};
  bool quiet = false;  // no progress and no summary, errors only
};

// Brings `writer`'s graph up to date with the files that the compile commands name, and with what
// these include below the root. Progress goes to stderr, the summary (`reindexed 3 of 412 files`)
// to stdout; if it was interrupted, how far it came and how to go on.
// Returns the exit code: 0, also where files have errors and are indexed as far as they parse; 1 if
// nothing could be read, or the graph failed, after it has said so on stderr; 130 after SIGINT or
// SIGTERM, with every finished file in the graph. The first signal lets the files under way be
// finished, a second one ends the process at once, which does the graph no harm.
[[nodiscard]] int run_index(const IndexOptions& options, GraphWriter& writer);

// Whether there is something to index: `invalid_argument`, with the remedy, where the compile
// database cannot be read, or what is excepted is not there. Asked before a graph is made.
[[nodiscard]] kipu::Status check(const IndexOptions& options);

// Does what run_index does, and again for what changes, until SIGINT or SIGTERM, or until stdout
// takes no more; then it returns 0.
// Prints `watching N files` to stdout when it follows the file system, and a summary after each
// round that found a change.
[[nodiscard]] int run_watch(const IndexOptions& options, GraphWriter& writer);

// Prints what the file `source` says as one line of JSON, without a graph. If it is no source of
// the compdb but a header, the first unit that shows it is taken. Returns an exit code as run_index
// does.
[[nodiscard]] int run_facts(const IndexOptions& options, const std::filesystem::path& source);

}  // namespace callgraph
