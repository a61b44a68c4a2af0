// Parts of answers as JSON, for what is put together elsewhere.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

[[nodiscard]] nlohmann::ordered_json json_of(const Node& node);
[[nodiscard]] nlohmann::ordered_json json_of(const Step& step);
// Indented, with a last newline.
[[nodiscard]] std::string dumped(const nlohmann::ordered_json& json);

}  // namespace callgraph
