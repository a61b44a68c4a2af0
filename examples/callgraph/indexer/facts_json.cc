#include "examples/callgraph/indexer/facts_json.h"

#include <nlohmann/json.hpp>

#include "examples/callgraph/words.h"

namespace callgraph {

namespace {

nlohmann::json json_of(const Symbol& symbol) {
  return {{"usr", symbol.usr},           {"kind", word(symbol.kind)},
          {"name", symbol.name},         {"signature", symbol.signature},
          {"language", symbol.language}, {"definition", symbol.is_definition},
          {"line", symbol.line},         {"column", symbol.column}};
}

nlohmann::json json_of(const Edge& edge) {
  return {{"from", edge.from},
          {"to", edge.to},
          {"relation", word(edge.relation)},
          {"certainty", word(edge.certainty)},
          {"line", edge.line},
          {"column", edge.column}};
}

}  // namespace

std::string facts_json(const SourceFile& file, const FileFacts& facts) {
  nlohmann::json json = {{"path", file.path},
                         {"md5", file.md5},
                         {"symbols", nlohmann::json::array()},
                         {"edges", nlohmann::json::array()}};
  for (const Symbol& symbol : facts.symbols) json["symbols"].push_back(json_of(symbol));
  for (const Edge& edge : facts.edges) json["edges"].push_back(json_of(edge));
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace callgraph
