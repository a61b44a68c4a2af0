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

struct Line {
  std::string text;
  std::string place;
};

// Characters, not bytes: the branches of trees take three bytes each.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string aligned(const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const Line& line : lines) {
    const std::size_t own = width_of(line.text);
    if (!line.place.empty() && own <= kWidest) width = std::max(width, own);
  }
  std::string text;
  for (const Line& line : lines) {
    text += line.text;
    if (!line.place.empty()) {
      const std::size_t own = width_of(line.text);
      text.append(own < width ? width - own : 0, ' ').append("  ").append(line.place);
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
      lines_.push_back({label(node), place_of(node)});
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
      lines_.push_back({frame.indent + (last ? "└─ " : "├─ ") +
                            label(answer_.nodes.at(step.child)) + remark(step, many_relations_) +
                            (again ? " …" : ""),
                        fmt::format("{}:{}", step.path, step.line)});
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

// A chain is read downwards: a path is no tree, though it is stored as one.
std::string section_text(const Answer& answer, const Section& section) {
  std::string text = section.heading.empty() ? "" : section.heading + ":\n";
  if (section.roots.empty()) return text + "  nothing\n";
  return text + aligned(Tree(answer, section).lines(section.roots));
}

}  // namespace

std::string as_text(const Answer& answer) {
  std::string text;
  for (const Section& section : answer.sections) {
    if (!text.empty()) text += '\n';
    text += section_text(answer, section);
  }
  return text;
}

std::string as_text(const Table& table) {
  std::vector<std::size_t> widths(table.columns.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  widen(table.columns);
  for (const auto& row : table.rows) widen(row);
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.append(row[i]).append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add(table.columns);
  for (const auto& row : table.rows) add(row);
  return text;
}

}  // namespace callgraph
