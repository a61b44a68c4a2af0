// What a change adds to a file's facts and drops from them.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "examples/callgraph/graph/history.h"
#include "examples/callgraph/graph/reading.h"
#include "examples/callgraph/graph/writer.h"

namespace callgraph {

// Facts as their bytes (graph/records.h).
using FactSet = std::unordered_set<std::string>;

[[nodiscard]] FactSet encoded(const FileFacts& facts);

struct Difference {
  bool differs() const { return !added.empty() || !dropped.empty(); }
  std::vector<std::string> added;
  std::vector<std::string> dropped;
};

// `keep` what is known and not said now, or drop it.
[[nodiscard]] Difference difference(const FactSet& known, const FactSet& said, bool keep);

// The paths that the facts' file includes.
[[nodiscard]] std::vector<std::string> includes_of(const SourceFile& file, const FileFacts& facts);

// The facts that hold of a file in `view`, from its key g/….
[[nodiscard]] kipu::Result<FactSet> facts_in(const Reading& reading, const std::string& path,
                                             const FileHistory::View& view);

// Every mark under a file's key g/…, by fact.
using MarkedFacts = std::map<std::string, Marks>;
[[nodiscard]] kipu::Result<MarkedFacts> marked_facts(const Reading& reading,
                                                     const std::string& path);

}  // namespace callgraph
