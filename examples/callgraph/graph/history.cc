#include "examples/callgraph/graph/history.h"

#include <algorithm>
#include <set>

namespace callgraph {
namespace {

using Generations = std::map<kipu::Stamp, Generation>;

// Walks from `open` to the ancestors, each once, as far as `leads_on` lets it; ends early where
// `found` is true, and says whether it was.
template <class Found, class LeadsOn>
bool search(const Generations& generations, std::vector<kipu::Stamp> open, Found found,
            LeadsOn leads_on) {
  std::set<kipu::Stamp> seen;
  while (!open.empty()) {
    const kipu::Stamp at = open.back();
    open.pop_back();
    if (!seen.insert(at).second) continue;
    if (found(at)) return true;
    const auto generation = generations.find(at);
    if (generation == generations.end() || !leads_on(generation->second)) continue;
    const auto& parents = generation->second.parents;
    open.insert(open.end(), parents.begin(), parents.end());
  }
  return false;
}

const Generation* deciding(const Generations& generations, kipu::StampTime until) {
  const Generation* newest = nullptr;
  for (const auto& [stamp, generation] : generations) {
    if (stamp.time >= until) break;
    if (generation.kind != Generation::Kind::add) newest = &generation;
  }
  return newest;
}

}  // namespace

FileHistory::FileHistory(std::vector<Generation> generations) {
  for (Generation& generation : generations) {
    const kipu::Stamp stamp = generation.stamp;
    generations_.emplace(stamp, std::move(generation));
  }
}

bool FileHistory::is_ancestor(const Generation& ancestor, const Generation& of) const {
  return search(
      generations_, of.parents, [&](const kipu::Stamp& at) { return at == ancestor.stamp; },
      [](const Generation&) { return true; });
}

FileHistory::View FileHistory::at(kipu::StampTime until) const {
  View view;
  view.history_ = this;
  const Generation* decides = deciding(generations_, until);
  view.newest_ = decides;
  if (decides == nullptr || decides->kind == Generation::Kind::remove) return view;
  view.heads_.push_back(decides);
  for (const auto& [stamp, generation] : generations_) {
    if (stamp.time >= until) break;
    const bool same = generation.kind != Generation::Kind::remove &&
                      generation.file.md5 == decides->file.md5 && &generation != decides;
    if (!same || is_ancestor(generation, *decides)) continue;
    view.heads_.push_back(&generation);
    if (view.newest_->stamp < stamp) view.newest_ = &generation;
  }
  return view;
}

std::vector<kipu::Stamp> FileHistory::View::parents() const {
  std::vector<kipu::Stamp> stamps;
  stamps.reserve(heads_.size());
  for (const Generation* head : heads_) stamps.push_back(head->stamp);
  if (stamps.empty() && newest_ != nullptr) stamps.push_back(newest_->stamp);
  return stamps;
}

std::vector<std::string> FileHistory::View::includes() const {
  std::set<std::string> paths;
  for (const Generation* head : heads_) paths.insert(head->includes.begin(), head->includes.end());
  return {paths.begin(), paths.end()};
}

bool FileHistory::View::holds(const Marks& marks) const {
  if (heads_.empty()) return false;
  const auto said = [&](const kipu::Stamp& at) {
    const auto mark = marks.find(at);
    return mark != marks.end() && mark->second;
  };
  const auto leads_on = [&](const Generation& generation) {
    return generation.kind != Generation::Kind::remove && !marks.contains(generation.stamp);
  };
  // A mark of a generation whose record is not there is never reached: nobody's parent is that.
  return search(history_->generations(), parents(), said, leads_on);
}

}  // namespace callgraph
