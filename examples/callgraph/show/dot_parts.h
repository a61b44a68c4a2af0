// What the writers of DOT share.
#pragma once

#include <string>
#include <string_view>

#include "examples/callgraph/show/show.h"

namespace callgraph {

[[nodiscard]] std::string dot_quoted(std::string_view text);
[[nodiscard]] std::string_view style_of(Certainty certainty);

}  // namespace callgraph
