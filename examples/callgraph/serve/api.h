// What the page asks, as JSON: without any HTTP.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "examples/callgraph/graph/snapshot.h"

namespace callgraph {

struct Reply {
  int status = 200;
  std::string json;
};

using Parameters = std::map<std::string, std::string, std::less<>>;

// Answers what `path` asks of the graph, as it is now or was just before `until`:
//   /api/info                                       name, id, made, updated, files
//   /api/search?q=TEXT&limit=N                      symbols that TEXT may mean, best first
//   /api/symbol?usr=USR&limit=N[&relation=R,R…]     a symbol, its links both ways, their symbols
//   /api/picture?usr=USR&question=callers|callees|…&depth=N&limit=N   SVG, as {"svg": …}
// 400 for what is asked wrongly, 404 for other paths, 502 if the store fails; then with {"error"}.
[[nodiscard]] Reply reply(kipu::Client& client, const std::string& graph,
                          std::optional<kipu::StampTime> until, std::string_view path,
                          const Parameters& parameters);

}  // namespace callgraph
