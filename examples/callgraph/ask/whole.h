// Questions about a whole graph: what is not used, and what goes round in circles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

// Functions and methods that are defined and that no root reaches: by calls, references,
// uses, through what overrides what is reached, or by the code that sets up a global. `roots` are
// names or usrs; without any, `main`.
[[nodiscard]] kipu::Result<Answer> ask_unused(Snapshot& snapshot,
                                              const std::vector<std::string>& roots,
                                              std::size_t limit);

// Groups of symbols of which each reaches each other by `relations`, largest first; symbols that
// reach only themselves too.
[[nodiscard]] kipu::Result<Answer> ask_cycles(Snapshot& snapshot,
                                              const std::vector<Relation>& relations,
                                              std::size_t limit);

// Strongly connected components by Tarjan's algorithm ("Depth-first search and linear graph
// algorithms", 1972), without recursion. `next[i]` are the successors of i.
[[nodiscard]] std::vector<std::vector<std::size_t>> components(
    const std::vector<std::vector<std::size_t>>& next);

}  // namespace callgraph
