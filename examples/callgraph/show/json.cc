#include <nlohmann/json.hpp>

#include "examples/callgraph/show/json_parts.h"
#include "examples/callgraph/show/show.h"
#include "examples/callgraph/words.h"

namespace callgraph {

using nlohmann::ordered_json;

// Names come from source code, which need not be UTF-8: what is not is replaced.
std::string dumped(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

ordered_json json_of(const Node& node) {
  ordered_json mentions = ordered_json::array();
  for (const Mention& mention : node.mentions) {
    mentions.push_back({{"file", mention.path},
                        {"line", mention.line},
                        {"column", mention.column},
                        {"definition", mention.is_definition}});
  }
  ordered_json json{{"usr", node.usr},           {"kind", word(node.kind)},
                    {"name", node.name},         {"signature", node.signature},
                    {"language", node.language}, {"mentions", std::move(mentions)}};
  if (!node.mentions.empty()) json["version"] = node.version.to_string();
  return json;
}

ordered_json json_of(const Step& step) {
  return {{"from", step.from()},
          {"to", step.to()},
          {"relation", word(step.relation)},
          {"certainty", word(step.certainty)},
          {"file", step.path},
          {"line", step.line},
          {"column", step.column}};
}

std::string as_json(const Answer& answer) {
  ordered_json sections = ordered_json::array();
  for (const Section& section : answer.sections) {
    ordered_json edges = ordered_json::array();
    for (const Step& step : section.steps) edges.push_back(json_of(step));
    sections.push_back(
        {{"heading", section.heading}, {"roots", section.roots}, {"edges", std::move(edges)}});
  }
  ordered_json nodes = ordered_json::array();
  for (const auto& [usr, node] : answer.nodes) nodes.push_back(json_of(node));
  return dumped(
      {{"sections", std::move(sections)}, {"nodes", std::move(nodes)}, {"notes", answer.notes}});
}

std::string as_json(const Table& table) {
  ordered_json rows = ordered_json::array();
  for (const auto& row : table.rows) {
    ordered_json object = ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string& column = table.columns[i];
      object[column.empty() ? "column" + std::to_string(i + 1) : column] = row[i];
    }
    rows.push_back(std::move(object));
  }
  return dumped({{"rows", std::move(rows)}, {"notes", table.notes}});
}

}  // namespace callgraph
