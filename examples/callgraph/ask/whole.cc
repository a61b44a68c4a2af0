#include "examples/callgraph/ask/whole.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "examples/callgraph/qualified_name.h"

namespace callgraph {
namespace {

using Everything = std::map<std::string, FileFacts>;

bool is_use(Relation relation) {
  switch (relation) {
    case Relation::calls:
    case Relation::reads:
    case Relation::writes:
    case Relation::copies:
    case Relation::references:
    case Relation::expands:
    case Relation::links:
      return true;
    default:
      return false;
  }
}

bool may_be_unused(const Symbol& symbol) {
  const bool kind = symbol.kind == SymbolKind::function || symbol.kind == SymbolKind::method ||
                    symbol.kind == SymbolKind::variable;
  return kind && symbol.is_definition;
}

// The symbols that roots name, by usr or qualified or simple name.
std::vector<std::string> usrs_named(const Everything& all, const std::vector<std::string>& roots) {
  const std::set<std::string, std::less<>> wanted(roots.begin(), roots.end());
  std::vector<std::string> usrs;
  for (const auto& [path, facts] : all) {
    for (const Symbol& symbol : facts.symbols) {
      const bool named = wanted.contains(symbol.usr) || wanted.contains(symbol.name) ||
                         wanted.contains(simple_name(symbol.name)) ||
                         wanted.contains(symbol.signature);
      if (named) usrs.push_back(symbol.usr);
    }
  }
  return usrs;
}

std::unordered_map<std::string, std::vector<std::string>> uses(const Everything& all) {
  std::unordered_map<std::string, std::vector<std::string>> next;
  for (const auto& [path, facts] : all) {
    for (const Edge& edge : facts.edges) {
      if (is_use(edge.relation)) next[edge.from].push_back(edge.to);
      if (edge.relation == Relation::overrides) next[edge.to].push_back(edge.from);
    }
  }
  return next;
}

std::unordered_set<std::string> reached_from(
    const std::unordered_map<std::string, std::vector<std::string>>& next,
    std::vector<std::string> open) {
  std::unordered_set<std::string> reached(open.begin(), open.end());
  while (!open.empty()) {
    const std::string at = std::move(open.back());
    open.pop_back();
    const auto found = next.find(at);
    if (found == next.end()) continue;
    for (const std::string& other : found->second) {
      if (reached.insert(other).second) open.push_back(other);
    }
  }
  return reached;
}

// Globals are set up whether anything uses them or not.
void add_set_up_code(const Everything& all, std::vector<std::string>& roots) {
  for (const auto& [path, facts] : all) {
    for (const Symbol& symbol : facts.symbols) {
      if (symbol.kind == SymbolKind::variable) roots.push_back(symbol.usr);
    }
  }
}

void cut(std::vector<std::string>& list, std::size_t limit, Answer& answer) {
  if (list.size() <= limit) return;
  answer.notes.push_back(fmt::format("{} more are left out: --limit N shows more than {}",
                                     list.size() - limit, limit));
  list.resize(limit);
}

// The symbols of edges of some relations as numbers, and their successors.
struct Numbered {
  std::vector<std::string> usrs;
  std::vector<std::vector<std::size_t>> next;
};

Numbered numbered(const Everything& all, const std::vector<Relation>& relations) {
  Numbered graph;
  std::unordered_map<std::string, std::size_t> numbers;
  const auto number = [&](const std::string& usr) {
    const auto [at, is_new] = numbers.emplace(usr, graph.usrs.size());
    if (is_new) {
      graph.usrs.push_back(usr);
      graph.next.emplace_back();
    }
    return at->second;
  };
  for (const auto& [path, facts] : all) {
    for (const Edge& edge : facts.edges) {
      if (std::ranges::find(relations, edge.relation) == relations.end()) continue;
      const std::size_t from = number(edge.from);
      const std::size_t to = number(edge.to);  // first: it may move what graph.next holds
      graph.next[from].push_back(to);
    }
  }
  return graph;
}

bool is_cycle(const Numbered& graph, const std::vector<std::size_t>& component) {
  if (component.size() > 1) return true;
  const auto& next = graph.next[component.front()];
  return std::ranges::find(next, component.front()) != next.end();
}

class Tarjan {
 public:
  explicit Tarjan(const std::vector<std::vector<std::size_t>>& next)
      : next_(next), order_(next.size(), kUnseen), low_(next.size()), on_stack_(next.size()) {}

  std::vector<std::vector<std::size_t>> run() {
    for (std::size_t i = 0; i < next_.size(); ++i) {
      if (order_[i] == kUnseen) visit(i);
    }
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kUnseen = ~std::size_t{0};
  struct Frame {
    std::size_t at;
    std::size_t edge = 0;
  };

  void enter(std::size_t at) {
    order_[at] = low_[at] = count_++;
    stack_.push_back(at);
    on_stack_[at] = true;
    frames_.push_back({at});
  }

  void visit(std::size_t start) {
    enter(start);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const std::size_t at = frame.at;
      if (frame.edge == next_[at].size()) {
        leave(at);
        continue;
      }
      const std::size_t other = next_[at][frame.edge++];
      if (order_[other] == kUnseen) {
        enter(other);
      } else if (on_stack_[other]) {
        low_[at] = std::min(low_[at], order_[other]);
      }
    }
  }

  void leave(std::size_t at) {
    frames_.pop_back();
    if (!frames_.empty()) {
      std::size_t& above = low_[frames_.back().at];
      above = std::min(above, low_[at]);
    }
    if (low_[at] != order_[at]) return;
    std::vector<std::size_t>& component = found_.emplace_back();
    std::size_t last = kUnseen;
    while (last != at) {
      last = stack_.back();
      stack_.pop_back();
      on_stack_[last] = false;
      component.push_back(last);
    }
  }

  const std::vector<std::vector<std::size_t>>& next_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> low_;
  std::vector<bool> on_stack_;
  std::vector<std::size_t> stack_;
  std::vector<Frame> frames_;
  std::vector<std::vector<std::size_t>> found_;
  std::size_t count_ = 0;
};

std::vector<std::vector<std::string>> cycles_of(const Numbered& graph) {
  std::vector<std::vector<std::string>> cycles;
  for (const auto& component : components(graph.next)) {
    if (!is_cycle(graph, component)) continue;
    std::vector<std::string>& usrs = cycles.emplace_back();
    for (const std::size_t number : component) usrs.push_back(graph.usrs[number]);
    std::ranges::sort(usrs);
  }
  std::ranges::sort(cycles, [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  return cycles;
}

}  // namespace

std::vector<std::vector<std::size_t>> components(
    const std::vector<std::vector<std::size_t>>& next) {
  return Tarjan(next).run();
}

kipu::Result<Answer> ask_unused(Snapshot& snapshot, const std::vector<std::string>& roots,
                                std::size_t limit) {
  auto all = snapshot.everything();
  if (!all) return kipu::fail(std::move(all.error()));
  const std::vector<std::string> names = roots.empty() ? std::vector<std::string>{"main"} : roots;
  std::vector<std::string> from = usrs_named(*all, names);
  if (from.empty()) {
    return kipu::fail(kipu::ErrorCode::invalid_argument,
                      fmt::format("no symbol is named {}: name what is used from outside with "
                                  "--roots NAME",
                                  names.front()));
  }
  add_set_up_code(*all, from);
  const auto reached = reached_from(uses(*all), std::move(from));
  std::set<std::string> unused;
  for (const auto& [path, facts] : *all) {
    for (const Symbol& symbol : facts.symbols) {
      const bool is_global = symbol.kind == SymbolKind::variable;
      if (may_be_unused(symbol) && !is_global && !reached.contains(symbol.usr)) {
        unused.insert(symbol.usr);
      }
    }
  }
  Answer answer;
  std::vector<std::string> list(unused.begin(), unused.end());
  cut(list, limit, answer);
  answer.sections.push_back({"unused", std::move(list), {}});
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

kipu::Result<Answer> ask_cycles(Snapshot& snapshot, const std::vector<Relation>& relations,
                                std::size_t limit) {
  auto all = snapshot.everything();
  if (!all) return kipu::fail(std::move(all.error()));
  auto cycles = cycles_of(numbered(*all, relations));
  Answer answer;
  if (cycles.empty()) answer.notes.emplace_back("there are no cycles");
  if (cycles.size() > limit) {
    answer.notes.push_back(fmt::format("{} more cycles are left out: --limit N shows more than {}",
                                       cycles.size() - limit, limit));
    cycles.resize(limit);
  }
  for (auto& cycle : cycles) {
    const std::string heading = fmt::format("cycle of {}", cycle.size());
    answer.sections.push_back({heading, std::move(cycle), {}});
  }
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

}  // namespace callgraph
