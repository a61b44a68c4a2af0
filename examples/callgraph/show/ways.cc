// Ways as pictures: a column for each, read downwards and then to the right.
#include <fmt/format.h>

#include "examples/callgraph/qualified_name.h"
#include "examples/callgraph/show/dot_parts.h"
#include "examples/callgraph/show/show.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

constexpr std::string_view kHead =
    "digraph callgraph {\n"
    "  newrank=true; ranksep=0.3; nodesep=0.3;\n"
    "  node [shape=box, style=\"rounded,filled\", fillcolor=white, color=\"#5b7083\", "
    "fontname=\"sans-serif\", fontsize=10];\n"
    "  edge [color=\"#5b7083\", fontname=\"sans-serif\", fontsize=9, fontcolor=\"#5b7083\"];\n";
constexpr std::string_view kColumn =
    "style=\"rounded,filled\"; color=\"#eef2f5\"; fontname=\"sans-serif\"; fontsize=11;";

// One symbol may stand in several columns, and more than once in one.
std::string id_of(std::size_t column, std::size_t row) {
  return fmt::format("s{}_{}", column, row);
}

// The last two parts of a name tell what it is; the whole of it would make the picture too wide.
constexpr std::size_t kParts = 2;

std::string place_of_row(const Section& section, const Answer& answer, std::size_t row) {
  if (row == 0) return place_of(answer.nodes.at(section.roots.front()));
  const Step& step = section.steps[row - 1];
  return fmt::format("{}:{}", step.path, step.line);
}

const Node& node_of_row(const Section& section, const Answer& answer, std::size_t row) {
  return answer.nodes.at(row == 0 ? section.roots.front() : section.steps[row - 1].child);
}

std::string edge_label(const Step& step) {
  if (step.relation == Relation::overrides) return "overridden by";
  return step.certainty == Certainty::direct ? std::string() : std::string(word(step.certainty));
}

void add_column(std::string& out, const Answer& answer, std::size_t column) {
  const Section& section = answer.sections[column];
  out += fmt::format("  subgraph cluster_{} {{\n    label={}; {}\n", column,
                     dot_quoted(section.heading), kColumn);
  for (std::size_t row = 0; row <= section.steps.size(); ++row) {
    const Node& node = node_of_row(section, answer, row);
    const std::string place = place_of_row(section, answer, row);
    out += fmt::format("    {} [label={}, tooltip={}];\n", id_of(column, row),
                       dot_quoted(fmt::format("{}\n{}", last_parts(node.name, kParts), place)),
                       dot_quoted(label(node)));
  }
  for (std::size_t row = 0; row < section.steps.size(); ++row) {
    const Step& step = section.steps[row];
    out +=
        fmt::format("    {} -> {} [style={}, label={}];\n", id_of(column, row),
                    id_of(column, row + 1), style_of(step.certainty), dot_quoted(edge_label(step)));
  }
  out += "  }\n";
}

}  // namespace

std::string ways_as_dot(const Answer& answer) {
  std::string out(kHead);
  std::string tops;
  for (std::size_t column = 0; column < answer.sections.size(); ++column) {
    add_column(out, answer, column);
    tops += id_of(column, 0) + "; ";
    if (column == 0) continue;
    const std::size_t last = answer.sections[column - 1].steps.size();
    // The first keeps the columns in their order, the second is seen.
    out += fmt::format("  {} -> {} [style=invis];\n", id_of(column - 1, 0), id_of(column, 0));
    out += fmt::format("  {} -> {} [style=dotted, penwidth=2, constraint=false];\n",
                       id_of(column - 1, last), id_of(column, 0));
  }
  return out + "  {rank=same; " + tops + "}\n}\n";
}

}  // namespace callgraph
