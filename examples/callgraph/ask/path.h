// How one function comes to call another.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

// A shortest way of calls from any of `from` to any of `to`; a virtual call may go to what
// overrides the method that it names. No steps and a note, if there is none within `limit` symbols.
[[nodiscard]] kipu::Result<Section> path(Snapshot& snapshot, const std::vector<std::string>& from,
                                         const std::vector<std::string>& to, std::size_t limit,
                                         std::vector<std::string>& notes);

// A way through all of `stops`, leg by leg. Each stop is one symbol or several that share a name.
[[nodiscard]] kipu::Result<Answer> ask_path(Snapshot& snapshot,
                                            const std::vector<std::vector<std::string>>& stops,
                                            std::size_t limit);

}  // namespace callgraph
