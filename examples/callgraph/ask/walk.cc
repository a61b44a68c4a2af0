#include "examples/callgraph/ask/walk.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

bool has(const std::vector<Relation>& relations, Relation relation) {
  return std::ranges::find(relations, relation) != relations.end();
}

Step step(const std::string& parent, const Link& link, Direction direction) {
  return {parent,        link.other,     direction == Direction::out,
          link.relation, link.certainty, link.path,
          link.line,     link.column};
}

class Walker {
 public:
  Walker(Snapshot& snapshot, const WalkRequest& request) : snapshot_(snapshot), request_(request) {
    section_.heading = request.heading;
    section_.roots = request.roots;
    for (const std::string& root : request.roots) {
      if (seen_.insert(root).second) frontier_.push_back({root, true, request.direction_is_in()});
    }
  }

  kipu::Status run() {
    for (std::size_t level = 0; level < request_.depth && !frontier_.empty() && !met_; ++level) {
      if (auto closed = close_over_overrides(); !closed) return closed;
      if (auto done = take_level(); !done) return done;
    }
    return {};
  }

  Section take_section() { return std::move(section_); }
  std::size_t left_out() const { return left_out_.size(); }

 private:
  // Where the walk stands. `any_call`: callers of every certainty count, not only virtual ones.
  // `dispatched`: what overrides it is reached, too.
  struct Place {
    std::string usr;
    bool any_call = true;
    bool dispatched = false;
  };

  static std::vector<std::string> usrs_of(const std::vector<Place>& places) {
    std::vector<std::string> usrs;
    usrs.reserve(places.size());
    for (const Place& place : places) usrs.push_back(place.usr);
    return usrs;
  }

  // Notes a step; true if its end was not seen before and is within the limit.
  bool take(const Step& step) {
    const bool is_new = !seen_.contains(step.child);
    if (is_new && seen_.size() >= request_.limit + request_.roots.size()) {
      left_out_.insert(step.child);
      return false;
    }
    if (steps_.insert({step.parent, step.child, step.relation}).second) {
      section_.steps.push_back(step);
    }
    met_ = met_ || request_.until.contains(step.child);
    return is_new && seen_.insert(step.child).second;
  }

  // Callers: up to what a method overrides. Callees: down from a virtual call to what overrides.
  kipu::Status close_over_overrides() {
    if (!request_.through_overrides) return {};
    const bool callers = request_.direction_is_in();
    const Direction way = callers ? Direction::out : Direction::in;
    std::vector<Place> open;
    std::ranges::copy_if(frontier_, std::back_inserter(open), &Place::dispatched);
    while (!open.empty()) {
      auto links = snapshot_.links(usrs_of(open), way);
      if (!links) return kipu::fail(std::move(links.error()));
      std::vector<Place> next;
      for (std::size_t i = 0; i < open.size(); ++i) {
        for (const Link& link : (*links)[i]) {
          if (link.relation != Relation::overrides) continue;
          if (take(step(open[i].usr, link, way))) next.push_back({link.other, !callers, true});
        }
      }
      frontier_.insert(frontier_.end(), next.begin(), next.end());
      open = std::move(next);
    }
    return {};
  }

  kipu::Status take_level() {
    auto links = snapshot_.links(usrs_of(frontier_), request_.direction);
    if (!links) return kipu::fail(std::move(links.error()));
    std::vector<Place> next;
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      for (const Link& link : (*links)[i]) {
        if (!has(request_.relations, link.relation)) continue;
        const bool dynamic = link.certainty == Certainty::dynamic;
        if (!frontier_[i].any_call && !dynamic) continue;
        if (!take(step(frontier_[i].usr, link, request_.direction))) continue;
        next.push_back({link.other, true, request_.direction_is_in() || dynamic});
      }
    }
    frontier_ = std::move(next);
    return {};
  }

  Snapshot& snapshot_;
  const WalkRequest& request_;
  Section section_;
  std::vector<Place> frontier_;
  std::set<std::string> seen_;
  std::set<std::tuple<std::string, std::string, Relation>> steps_;
  std::set<std::string> left_out_;
  bool met_ = false;  // one of those that end the walk
};

std::vector<Relation> impact_relations() {
  return {Relation::calls,      Relation::reads,      Relation::writes,   Relation::copies,
          Relation::references, Relation::inherits,   Relation::realizes, Relation::composes,
          Relation::aggregates, Relation::associates, Relation::depends,  Relation::overrides,
          Relation::includes,   Relation::expands};
}

constexpr std::size_t kImpactDepth = 6;

}  // namespace

bool is_outside(const Node& node) {
  return std::ranges::none_of(node.mentions, [](const Mention& at) { return at.line > 0; });
}

std::string place_of(const Node& node) {
  if (is_outside(node)) return {};
  const Mention& first = node.mentions.front();
  const auto others = std::ranges::count_if(node.mentions, [&](const Mention& at) {
    return at.is_definition && first.is_definition && at.path != first.path;
  });
  const std::string more = others > 0 ? fmt::format(" (and {} more)", others) : std::string();
  return fmt::format("{}:{}{}", first.path, first.line, more);
}

kipu::Status name_nodes(Snapshot& snapshot, Answer& answer) {
  std::set<std::string> usrs;
  for (const Section& section : answer.sections) {
    usrs.insert(section.roots.begin(), section.roots.end());
    for (const Step& step : section.steps) {
      usrs.insert(step.parent);
      usrs.insert(step.child);
    }
  }
  auto nodes = snapshot.nodes(std::vector<std::string>(usrs.begin(), usrs.end()));
  if (!nodes) return kipu::fail(std::move(nodes.error()));
  for (Node& node : *nodes) {
    std::string usr = node.usr;
    answer.nodes.emplace(std::move(usr), std::move(node));
  }
  return {};
}

kipu::Result<Section> walk(Snapshot& snapshot, const WalkRequest& request,
                           std::vector<std::string>& notes) {
  Walker walker(snapshot, request);
  if (auto done = walker.run(); !done) return kipu::fail(std::move(done.error()));
  if (walker.left_out() > 0) {
    notes.push_back(
        fmt::format("{} more were found and left out, and what lies beyond them: "
                    "--limit N shows more than {}",
                    walker.left_out(), request.limit));
  }
  return walker.take_section();
}

WalkRequest walk_for(Question question, std::vector<std::string> roots) {
  WalkRequest walk;
  walk.roots = std::move(roots);
  walk.direction = Direction::in;
  switch (question) {
    case Question::callers:
      walk.relations = {Relation::calls};
      walk.through_overrides = true;
      break;
    case Question::callees:
      walk.relations = {Relation::calls};
      walk.direction = Direction::out;
      walk.through_overrides = true;
      break;
    case Question::readers:
      walk.relations = {Relation::reads, Relation::copies, Relation::references};
      break;
    case Question::writers:
      walk.relations = {Relation::writes};
      break;
    case Question::includes:
      walk.relations = {Relation::includes};
      walk.direction = Direction::out;
      break;
    case Question::included_by:
      walk.relations = {Relation::includes};
      break;
    case Question::impact:
      walk.relations = impact_relations();
      walk.through_overrides = true;
      walk.depth = kImpactDepth;
      break;
  }
  return walk;
}

kipu::Result<Answer> ask(Snapshot& snapshot, const WalkRequest& request) {
  Answer answer;
  auto section = walk(snapshot, request, answer.notes);
  if (!section) return kipu::fail(std::move(section.error()));
  if (section->steps.empty()) answer.notes.emplace_back("the graph knows of none");
  answer.sections.push_back(std::move(*section));
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

namespace {

kipu::Result<Answer> ask_both_ways(Snapshot& snapshot, WalkRequest request,
                                   const std::string& out_heading, const std::string& in_heading) {
  Answer answer;
  for (const Direction direction : {Direction::out, Direction::in}) {
    request.direction = direction;
    request.heading = direction == Direction::out ? out_heading : in_heading;
    auto section = walk(snapshot, request, answer.notes);
    if (!section) return kipu::fail(std::move(section.error()));
    answer.sections.push_back(std::move(*section));
  }
  if (auto named = name_nodes(snapshot, answer); !named) {
    return kipu::fail(std::move(named.error()));
  }
  return answer;
}

}  // namespace

kipu::Result<Answer> ask_hierarchy(Snapshot& snapshot, const std::vector<std::string>& roots,
                                   std::size_t depth, std::size_t limit) {
  WalkRequest request;
  request.roots = roots;
  request.relations = {Relation::inherits, Relation::realizes, Relation::overrides};
  request.depth = depth;
  request.limit = limit;
  return ask_both_ways(snapshot, request, "above", "below");
}

kipu::Result<Answer> ask_relations(Snapshot& snapshot, const std::vector<std::string>& roots,
                                   const std::vector<Relation>& relations, std::size_t limit) {
  WalkRequest request;
  request.roots = roots;
  const auto all = all_relations();
  request.relations = relations.empty() ? std::vector<Relation>(all.begin(), all.end()) : relations;
  request.limit = limit;
  return ask_both_ways(snapshot, request, "from it", "to it");
}

}  // namespace callgraph
