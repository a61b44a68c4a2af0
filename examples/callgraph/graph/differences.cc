#include "examples/callgraph/graph/differences.h"

#include <set>

namespace callgraph {

FactSet encoded(const FileFacts& facts) {
  FactSet set;
  set.reserve(facts.symbols.size() + facts.edges.size());
  for (const Symbol& symbol : facts.symbols) set.insert(encode(symbol));
  for (const Edge& edge : facts.edges) set.insert(encode(edge));
  return set;
}

Difference difference(const FactSet& known, const FactSet& said, bool keep) {
  Difference found;
  for (const std::string& fact : said) {
    if (!known.contains(fact)) found.added.push_back(fact);
  }
  if (keep) return found;
  for (const std::string& fact : known) {
    if (!said.contains(fact)) found.dropped.push_back(fact);
  }
  return found;
}

std::vector<std::string> includes_of(const SourceFile& file, const FileFacts& facts) {
  std::set<std::string> paths;
  const std::string self = file_usr(file.path);
  for (const Edge& edge : facts.edges) {
    const bool includes = edge.relation == Relation::includes && edge.from == self;
    auto path = includes ? path_of_file_usr(edge.to) : std::nullopt;
    if (path) paths.insert(std::move(*path));
  }
  return {paths.begin(), paths.end()};
}

kipu::Result<MarkedFacts> marked_facts(const Reading& reading, const std::string& path) {
  const std::string key = facts_key(path);
  auto stored = reading.entries(key);
  if (!stored) return kipu::fail(std::move(stored.error()));
  MarkedFacts facts;
  for (const StoredEntry& entry : *stored) {
    if (entry.values.front() != path) continue;
    for (std::size_t i = 1; i < entry.values.size(); ++i) {
      const std::string& value = entry.values[i];
      if (value.empty()) return kipu::fail(not_ours(key));
      facts[value.substr(1)][entry.stamp] = value.front() == kSaid;
    }
  }
  return facts;
}

kipu::Result<FactSet> facts_in(const Reading& reading, const std::string& path,
                               const FileHistory::View& view) {
  FactSet held;
  if (!view.exists()) return held;
  auto facts = marked_facts(reading, path);
  if (!facts) return kipu::fail(std::move(facts.error()));
  for (const auto& [fact, marks] : *facts) {
    if (view.holds(marks)) held.insert(fact);
  }
  return held;
}

}  // namespace callgraph
