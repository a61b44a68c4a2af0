// What questions come back with: a part of the graph, or a table.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "examples/callgraph/graph/snapshot.h"

namespace callgraph {

// An edge as it was walked: from `parent`, which was found first, to `child`.
struct Step {
  std::string parent;
  std::string child;
  bool forward = true;  // parent → child is how the relation is stored; else child → parent
  Relation relation = Relation::calls;
  Certainty certainty = Certainty::direct;
  std::string path;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  const std::string& from() const { return forward ? parent : child; }
  const std::string& to() const { return forward ? child : parent; }
};

// A tree of steps from a root, under a heading; or, without steps, a list of symbols.
struct Section {
  std::string heading;
  std::vector<std::string> roots;
  std::vector<Step> steps;  // those of one parent stand together, in the order they are shown
  bool is_way = false;      // each step begins where the one before it ended
};

struct Answer {
  std::vector<Section> sections;
  std::map<std::string, Node> nodes;  // of every usr that stands in the sections
  std::vector<std::string> notes;     // what was left out, and how to see it
};

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns
  std::vector<std::string> notes;
};

// Whether no file of the project declares it: what is called in a library is named at line 0 of the
// files that call it.
[[nodiscard]] bool is_outside(const Node& node);
// "a.cc:12", where it is defined or else declared; empty if it is outside. "a.cc:12 (and 3 more)"
// if further files define it: programs of one graph have each their `main`, and it is one symbol.
[[nodiscard]] std::string place_of(const Node& node);

// Reads the nodes that the sections name.
[[nodiscard]] kipu::Status name_nodes(Snapshot& snapshot, Answer& answer);

}  // namespace callgraph
