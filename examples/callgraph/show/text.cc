#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "examples/callgraph/show/show.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

// Columns are aligned as far as lines are not longer than this.
constexpr std::size_t kWidest = 90;
// Of a way, signatures longer than this lose their parameters, so that places stand in one column.
constexpr std::size_t kWidestStop = 76;

constexpr std::string_view kStrong = "\033[1m";
constexpr std::string_view kFaint = "\033[2m";
constexpr std::string_view kRemark = "\033[36m";
constexpr std::string_view kPlain = "\033[0m";

std::string painted(std::string_view text, std::string_view colour, Look look) {
  if (look == Look::plain || text.empty() || colour.empty()) return std::string(text);
  return fmt::format("{}{}{}", colour, text, kPlain);
}

struct Line {
  std::string branch;  // what leads to the name
  std::string name;
  std::string remark;
  std::string place;
  bool strong = false;  // a root
};

// Characters, not bytes: the branches of trees take three bytes each.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::size_t width_of(const Line& line) {
  return width_of(line.branch) + width_of(line.name) + width_of(line.remark);
}

std::string aligned(const std::vector<Line>& lines, Look look) {
  std::size_t width = 0;
  for (const Line& line : lines) {
    const std::size_t own = width_of(line);
    if (!line.place.empty() && own <= kWidest) width = std::max(width, own);
  }
  std::string text;
  for (const Line& line : lines) {
    text += painted(line.branch, kFaint, look);
    text += painted(line.name, line.strong ? kStrong : std::string_view(), look);
    text += painted(line.remark, kRemark, look);
    if (!line.place.empty()) {
      const std::size_t own = width_of(line);
      text.append(own < width ? width - own : 0, ' ').append("  ");
      text += painted(line.place, kFaint, look);
    }
    text += '\n';
  }
  return text;
}

// The relation where it is not the one that the question is about, and what is not certain.
std::string remark(const Step& step, bool many_relations) {
  std::string remark;
  if (many_relations) {
    remark = step.forward ? word(step.relation) : word_back(step.relation);
  }
  if (step.certainty != Certainty::direct) {
    remark.append(remark.empty() ? "" : ", ").append(word(step.certainty));
  }
  return remark.empty() ? remark : " (" + remark + ")";
}

std::string place_of(const Step& step) {
  return fmt::format("{}:{}", step.path, step.line);
}

class Tree {
 public:
  Tree(const Answer& answer, const Section& section) : answer_(answer) {
    std::set<Relation> relations;
    for (const Step& step : section.steps) {
      children_[step.parent].push_back(&step);
      relations.insert(step.relation);
    }
    many_relations_ = relations.size() > 1;
  }

  std::vector<Line> lines(const std::vector<std::string>& roots) {
    for (const std::string& root : roots) {
      const Node& node = answer_.nodes.at(root);
      lines_.push_back({"", label(node), "", callgraph::place_of(node), true});
      add_children(root, "");
    }
    return std::move(lines_);
  }

 private:
  // By its own stack, since trees may be deep: each frame is a node whose children are under way.
  void add_children(const std::string& root, const std::string& indent) {
    struct Frame {
      const std::vector<const Step*>* steps;
      std::size_t next;
      std::string indent;
    };
    static const std::vector<const Step*> none;
    const auto steps_of = [&](const std::string& usr) {
      const auto found = children_.find(usr);
      return found == children_.end() || !opened_.insert(usr).second ? &none : &found->second;
    };
    std::vector<Frame> open{{steps_of(root), 0, indent}};
    while (!open.empty()) {
      Frame& frame = open.back();
      if (frame.next == frame.steps->size()) {
        open.pop_back();
        continue;
      }
      const Step& step = *(*frame.steps)[frame.next++];
      const bool last = frame.next == frame.steps->size();
      const bool again = opened_.contains(step.child) && children_.contains(step.child);
      lines_.push_back({frame.indent + (last ? "└─ " : "├─ "), label(answer_.nodes.at(step.child)),
                        remark(step, many_relations_) + (again ? " …" : ""), place_of(step),
                        false});
      std::string inner = frame.indent + (last ? "   " : "│  ");
      open.push_back({steps_of(step.child), 0, std::move(inner)});
    }
  }

  const Answer& answer_;
  std::map<std::string, std::vector<const Step*>> children_;
  std::set<std::string> opened_;  // whose children were shown
  std::vector<Line> lines_;
  bool many_relations_ = false;
};

std::string tree_text(const Answer& answer, Look look) {
  std::string text;
  for (const Section& section : answer.sections) {
    if (!text.empty()) text += '\n';
    if (!section.heading.empty()) text += painted(section.heading + ":", kStrong, look) + '\n';
    if (section.roots.empty()) text += "  nothing\n";
    text += aligned(Tree(answer, section).lines(section.roots), look);
  }
  return text;
}

std::string stop_name(const Node& node) {
  const std::string& whole = label(node);
  return width_of(whole) <= kWidestStop ? whole : node.name + "(…)";
}

std::string remark_on_way(const Step& step) {
  if (step.relation == Relation::overrides) return " (overrides it)";
  return remark(step, step.relation != Relation::calls);
}

void add_way(std::vector<Line>& lines, const Answer& answer, const Section& section) {
  const Node& first = answer.nodes.at(section.roots.front());
  lines.push_back({"  ", stop_name(first), "", place_of(first), true});
  for (const Step& step : section.steps) {
    const bool direct = step.certainty == Certainty::direct && step.relation == Relation::calls;
    lines.push_back({direct ? "→ " : "⇢ ", stop_name(answer.nodes.at(step.child)),
                     remark_on_way(step), place_of(step), &step == &section.steps.back()});
  }
}

// A way is read downwards: calls along →, and where it goes on by other means, ┆.
std::string ways_text(const Answer& answer, Look look) {
  std::vector<Line> lines;
  for (const Section& section : answer.sections) {
    if (&section != &answer.sections.front()) lines.push_back({"┆", "", "", "", false});
    if (!section.heading.empty()) lines.push_back({"", section.heading + ":", "", "", false});
    add_way(lines, answer, section);
  }
  return aligned(lines, look);
}

}  // namespace

std::string as_text(const Answer& answer, Look look) {
  const bool has_ways = std::ranges::any_of(answer.sections, &Section::is_way);
  return has_ways ? ways_text(answer, look) : tree_text(answer, look);
}

std::string as_text(const Table& table, Look look) {
  std::vector<std::size_t> widths(table.columns.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  widen(table.columns);
  for (const auto& row : table.rows) widen(row);
  const auto line_of = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.append(row[i]).append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  std::string text = painted(line_of(table.columns), kStrong, look) + '\n';
  for (const auto& row : table.rows) text += line_of(row) + '\n';
  return text;
}

}  // namespace callgraph
