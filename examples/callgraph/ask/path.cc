#include "examples/callgraph/ask/path.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
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

// One leg: nothing where no way leads on, and whether that is for want of a larger limit.
struct Leg {
  std::vector<Step> steps;
  bool cut = false;
};

kipu::Result<Leg> leg_between(Snapshot& snapshot, const std::vector<std::string>& from,
                              const std::vector<std::string>& to, std::size_t limit) {
  WalkRequest request = walk_for(Question::callees, from);
  request.limit = limit;
  request.depth = kNoEnd;
  request.until = std::set<std::string>(to.begin(), to.end());
  std::vector<std::string> left_out;
  auto walked = walk(snapshot, request, left_out);
  if (!walked) return kipu::fail(std::move(walked.error()));
  for (const std::string& end : to) {
    std::vector<Step> way = way_to(*walked, end);
    if (!way.empty()) return Leg{std::move(way), false};
  }
  return Leg{{}, !left_out.empty()};
}

kipu::Result<std::string> name_of(Snapshot& snapshot, const std::string& usr) {
  const std::vector<std::string> usrs{usr};
  auto nodes = snapshot.nodes(usrs);
  if (!nodes) return kipu::fail(std::move(nodes.error()));
  return nodes->front().name;
}

kipu::Result<std::string> no_way(Snapshot& snapshot, const std::string& from, const std::string& to,
                                 bool cut, std::size_t limit) {
  auto here = name_of(snapshot, from);
  if (!here) return here;
  auto there = name_of(snapshot, to);
  if (!there) return there;
  const std::string remedy =
      cut ? fmt::format(" within {} symbols: --limit N looks further", limit)
          : std::string("; where the way goes on by a message or another thread, write / between");
  return fmt::format("no way of calls leads from {} to {}{}", *here, *there, remedy);
}

kipu::Result<Section> section_of(Snapshot& snapshot, const Stretch& stretch, std::size_t limit,
                                 std::vector<std::string>& notes) {
  Section section{stretch.caption, {}, {}, true};
  std::vector<std::string> at = stretch.stops.front();
  for (std::size_t next = 1; next < stretch.stops.size(); ++next) {
    const std::vector<std::string>& to = stretch.stops[next];
    auto leg = leg_between(snapshot, at, to, limit);
    if (!leg) return kipu::fail(std::move(leg.error()));
    if (leg->steps.empty()) {
      auto note = no_way(snapshot, at.front(), to.front(), leg->cut, limit);
      if (!note) return kipu::fail(std::move(note.error()));
      notes.push_back(std::move(*note));
      break;
    }
    if (section.roots.empty()) section.roots = {leg->steps.front().parent};
    at = {leg->steps.back().child};
    std::ranges::move(leg->steps, std::back_inserter(section.steps));
  }
  if (section.roots.empty()) section.roots = {at.front()};
  return section;
}

}  // namespace

kipu::Result<Answer> ask_path(Snapshot& snapshot, std::span<const Stretch> stretches,
                              std::size_t limit) {
  Answer answer;
  for (const Stretch& stretch : stretches) {
    auto section = section_of(snapshot, stretch, limit, answer.notes);
    if (!section) return kipu::fail(std::move(section.error()));
    answer.sections.push_back(std::move(*section));
  }
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

kipu::Result<std::vector<NamedStretch>> stretches_of(std::span<const std::string> operands) {
  std::vector<NamedStretch> stretches;
  for (const std::string& operand : operands) {
    if (operand.starts_with('/')) {
      const std::size_t begin = std::min(operand.find_first_not_of("/ "), operand.size());
      stretches.push_back({operand.substr(begin), {}});
      continue;
    }
    if (stretches.empty()) stretches.emplace_back();
    stretches.back().names.push_back(operand);
  }
  const bool alone = stretches.size() == 1 && stretches.front().names.size() == 1;
  if (alone || std::ranges::any_of(stretches, [](const auto& s) { return s.names.empty(); })) {
    return kipu::fail(kipu::ErrorCode::invalid_argument,
                      "a path needs names to lead from and to, as in `callgraph path main work`, "
                      "and every part after a / at least one");
  }
  return stretches;
}

}  // namespace callgraph
