// The page of `callgraph serve`: one document, with its style and script, that loads nothing else.
#pragma once

#include <string_view>

namespace callgraph {

[[nodiscard]] std::string_view page();

// What the browser is told to allow: nothing but this page's own parts, and requests to this
// server.
[[nodiscard]] std::string_view page_policy();

}  // namespace callgraph
