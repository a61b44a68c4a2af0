// Rounds of indexing, and what a user sees of them. commands.h is this with a GraphWriter.
#pragma once

#include <iosfwd>

#include "examples/callgraph/indexer/commands.h"
#include "examples/callgraph/indexer/graph_port.h"

namespace callgraph {

// As run_index and run_watch; what these print to stdout goes to `out`.
//
// Thread rule: one of them at a time in a process.
[[nodiscard]] int index_once(const IndexOptions& options, GraphPort& graph, std::ostream& out);
[[nodiscard]] int index_and_watch(const IndexOptions& options, GraphPort& graph, std::ostream& out);

}  // namespace callgraph
