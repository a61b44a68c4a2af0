#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "examples/callgraph/show/dot_parts.h"
#include "examples/callgraph/show/show.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // XML 1.0 has no place for other control characters, escaped or not.
        escaped += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? '?' : c;
    }
  }
  return escaped;
}

// Every edge once, though sections may share some.
template <class Visit>
void each_edge(const Answer& answer, Visit visit) {
  std::set<std::tuple<std::string, std::string, Relation>> seen;
  for (const Section& section : answer.sections) {
    for (const Step& step : section.steps) {
      if (seen.insert({step.from(), step.to(), step.relation}).second) visit(step);
    }
  }
}

std::string_view shape_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::class_type:
    case SymbolKind::enumeration:
    case SymbolKind::type_alias:
      return "component";
    case SymbolKind::variable:
    case SymbolKind::member:
    case SymbolKind::local:
    case SymbolKind::enumerator:
      return "ellipse";
    case SymbolKind::file:
      return "note";
    default:
      return "box";
  }
}

std::string place_in_source(const Node& node) {
  return node.kind == SymbolKind::file ? std::string() : place_of(node);
}

void add_data(std::string& out, std::string_view key, std::string_view value) {
  out += fmt::format("      <data key=\"{}\">{}</data>\n", key, xml_escaped(value));
}

constexpr std::string_view kGraphmlHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
    "  <key id=\"name\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n"
    "  <key id=\"kind\" for=\"node\" attr.name=\"kind\" attr.type=\"string\"/>\n"
    "  <key id=\"relation\" for=\"edge\" attr.name=\"relation\" attr.type=\"string\"/>\n"
    "  <key id=\"certainty\" for=\"edge\" attr.name=\"certainty\" attr.type=\"string\"/>\n"
    "  <key id=\"place\" for=\"all\" attr.name=\"place\" attr.type=\"string\"/>\n"
    "  <graph edgedefault=\"directed\">\n";

}  // namespace

std::string dot_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string_view style_of(Certainty certainty) {
  return certainty == Certainty::direct ? "solid" : "dashed";
}

std::string as_dot(const Answer& answer) {
  const bool has_ways = std::ranges::any_of(answer.sections, &Section::is_way);
  if (has_ways) return ways_as_dot(answer);
  std::set<std::string> roots;
  std::set<Relation> relations;
  for (const Section& section : answer.sections) {
    roots.insert(section.roots.begin(), section.roots.end());
    for (const Step& step : section.steps) relations.insert(step.relation);
  }
  std::string out =
      "digraph callgraph {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (const auto& [usr, node] : answer.nodes) {
    const std::string place = place_in_source(node);
    const std::string text = place.empty() ? label(node) : label(node) + "\n" + place;
    out += fmt::format("  {} [label={}, shape={}{}];\n", dot_quoted(usr), dot_quoted(text),
                       shape_of(node.kind), roots.contains(usr) ? ", penwidth=2" : "");
  }
  each_edge(answer, [&](const Step& step) {
    const bool said = relations.size() > 1;
    out += fmt::format("  {} -> {} [style={}, label={}];\n", dot_quoted(step.from()),
                       dot_quoted(step.to()), style_of(step.certainty),
                       dot_quoted(said ? word(step.relation) : std::string_view()));
  });
  return out + "}\n";
}

std::string as_graphml(const Answer& answer) {
  std::string out(kGraphmlHead);
  for (const auto& [usr, node] : answer.nodes) {
    out += fmt::format("    <node id=\"{}\">\n", xml_escaped(usr));
    add_data(out, "name", label(node));
    add_data(out, "kind", word(node.kind));
    add_data(out, "place", place_in_source(node));
    out += "    </node>\n";
  }
  each_edge(answer, [&](const Step& step) {
    out += fmt::format("    <edge source=\"{}\" target=\"{}\">\n", xml_escaped(step.from()),
                       xml_escaped(step.to()));
    add_data(out, "relation", word(step.relation));
    add_data(out, "certainty", word(step.certainty));
    add_data(out, "place", fmt::format("{}:{}", step.path, step.line));
    out += "    </edge>\n";
  });
  return out + "  </graph>\n</graphml>\n";
}

}  // namespace callgraph
