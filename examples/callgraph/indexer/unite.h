// What two say of one file, as one.
//
// Thread rule: as of what it is given.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "examples/callgraph/facts.h"

namespace callgraph {

template <class Fact>
void unite(std::vector<Fact>& into, std::vector<Fact> more) {
  into.insert(into.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
  std::ranges::sort(into);
  const auto rest = std::ranges::unique(into);
  into.erase(rest.begin(), rest.end());
}

// Sorted, and each fact once.
inline void unite(FileFacts& into, FileFacts more) {
  unite(into.symbols, std::move(more.symbols));
  unite(into.edges, std::move(more.edges));
}

}  // namespace callgraph
