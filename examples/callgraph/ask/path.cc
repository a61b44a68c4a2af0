#include "examples/callgraph/ask/path.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "examples/callgraph/ask/walk.h"

namespace callgraph {
namespace {

// The step by which each symbol was first reached.
std::map<std::string, Step> first_steps(const Section& section) {
  std::map<std::string, Step> reached;
  for (const Step& step : section.steps) reached.emplace(step.child, step);
  return reached;
}

// The steps that lead to `end`, in their order. Nothing if it was not reached.
std::vector<Step> way_to(const Section& section, const std::string& end) {
  const std::map<std::string, Step> reached = first_steps(section);
  const std::set<std::string> roots(section.roots.begin(), section.roots.end());
  std::vector<Step> way;
  std::set<std::string> passed;
  std::string at = end;
  while (!roots.contains(at)) {
    const auto step = reached.find(at);
    if (step == reached.end() || !passed.insert(at).second) return {};
    way.push_back(step->second);
    at = step->second.parent;
  }
  std::ranges::reverse(way);
  return way;
}

}  // namespace

kipu::Result<Section> path(Snapshot& snapshot, const std::vector<std::string>& from,
                           const std::vector<std::string>& to, std::size_t limit,
                           std::vector<std::string>& notes) {
  WalkRequest request = walk_for(Question::callees, from);
  request.limit = limit;
  request.depth = kNoEnd;
  request.until = std::set<std::string>(to.begin(), to.end());
  std::vector<std::string> left_out;
  auto walked = walk(snapshot, request, left_out);
  if (!walked) return kipu::fail(std::move(walked.error()));
  Section section;
  section.roots = from;
  for (const std::string& end : to) {
    std::vector<Step> way = way_to(*walked, end);
    if (way.empty()) continue;
    section.roots = {way.front().parent};
    section.steps = std::move(way);
    return section;
  }
  const bool cut = !left_out.empty();
  notes.push_back(fmt::format(
      "no way of calls leads from {} to {}{}", name_from_usr(from.front()),
      name_from_usr(to.front()),
      cut ? fmt::format(" within {} symbols: --limit N looks further", limit) : std::string()));
  return section;
}

kipu::Result<Answer> ask_path(Snapshot& snapshot,
                              const std::vector<std::vector<std::string>>& stops,
                              std::size_t limit) {
  Answer answer;
  for (std::size_t leg = 0; leg + 1 < stops.size(); ++leg) {
    auto section = path(snapshot, stops[leg], stops[leg + 1], limit, answer.notes);
    if (!section) return kipu::fail(std::move(section.error()));
    if (stops.size() > 2) section->heading = fmt::format("leg {}", leg + 1);
    answer.sections.push_back(std::move(*section));
  }
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

}  // namespace callgraph
