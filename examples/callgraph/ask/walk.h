// Questions that go from symbol to symbol: callers, callees, readers, hierarchy, includes, impact.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

inline constexpr std::size_t kNoEnd = ~std::size_t{0};

struct WalkRequest {
  std::string heading;
  std::vector<std::string> roots;
  Direction direction = Direction::out;
  std::vector<Relation> relations;
  std::size_t depth = 1;    // so many steps from the roots
  std::size_t limit = 200;  // so many symbols, the roots not counted
  // A virtual call reaches what overrides the method that it names: callees go on to these, and
  // callers of a method include the virtual callers of those that it overrides.
  bool through_overrides = false;
  std::set<std::string> until;  // the walk ends with the level on which it meets one of them

  bool direction_is_in() const { return direction == Direction::in; }
};

// The links of a frontier are asked for together, level by level; of several places of one relation
// between two symbols the first is kept.
[[nodiscard]] kipu::Result<Section> walk(Snapshot& snapshot, const WalkRequest& walk,
                                         std::vector<std::string>& notes);

enum class Question { callers, callees, readers, writers, includes, included_by, impact };

// The walk that answers `question`.
[[nodiscard]] WalkRequest walk_for(Question question, std::vector<std::string> roots);

[[nodiscard]] kipu::Result<Answer> ask(Snapshot& snapshot, const WalkRequest& request);
// Bases above and derived below of a class; of a method what it overrides and what overrides it.
[[nodiscard]] kipu::Result<Answer> ask_hierarchy(Snapshot& snapshot,
                                                 const std::vector<std::string>& roots,
                                                 std::size_t depth, std::size_t limit);
// Every relation of a symbol, both ways, but for those in `relations`' complement if it is not
// empty.
[[nodiscard]] kipu::Result<Answer> ask_relations(Snapshot& snapshot,
                                                 const std::vector<std::string>& roots,
                                                 const std::vector<Relation>& relations,
                                                 std::size_t limit);

}  // namespace callgraph
