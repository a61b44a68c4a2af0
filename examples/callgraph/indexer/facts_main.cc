// Prints the facts of a project's files, without a graph: for measuring the indexer and comparing
// it with others.
//
//   callgraph-facts COMPDB [ROOT [THREADS [-]]]    one JSON object a line, for each file; with `-`
//   none
#include <cstdlib>
#include <iostream>
#include <string>

#include "examples/callgraph/indexer/driver.h"
#include "examples/callgraph/indexer/facts_json.h"

int main(int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  constexpr int kDecimal = 10;
  if (argc < 2 || argc > 5) {
    std::cerr << "usage: callgraph-facts COMPDB [ROOT [THREADS [-]]]\n";
    return kWrongUsage;
  }
  callgraph::IndexOptions options;
  options.compdb = argv[1];
  if (argc > 2) options.root = argv[2];
  if (argc > 3) options.threads = std::strtoul(argv[3], nullptr, kDecimal);
  callgraph::MemoryGraph graph;
  const int code = callgraph::index_once(options, graph, std::cerr);
  if (argc > 4) return code;
  for (const auto& [path, change] : graph.files()) {
    std::cout << callgraph::facts_json(change.file, change.facts) << '\n';
  }
  return code;
}
