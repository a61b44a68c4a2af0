// What a name that is being typed may become.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/graph/snapshot.h"

namespace callgraph {

// Names of symbols that begin with `typed`, each with as many parts as were typed: Client::append
// for Client::app, though it is kipu::Client::append; of Client:: the members of Client; and files
// once there is a dot or a slash in it. Sorted, at most `limit`. Nothing before two letters are
// typed; names that a shell would have to quote are left out.
[[nodiscard]] kipu::Result<std::vector<std::string>> complete_symbol(Snapshot& snapshot,
                                                                     std::string_view typed,
                                                                     std::size_t limit);

// The same of paths of files: of a file in a folder the folder first, as shells do.
[[nodiscard]] kipu::Result<std::vector<std::string>> complete_file(Snapshot& snapshot,
                                                                   std::string_view typed,
                                                                   std::size_t limit);

}  // namespace callgraph
