#include "examples/callgraph/indexer/write_behind.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "examples/callgraph/indexer/unite.h"

namespace callgraph {

namespace {

std::size_t facts_of(const std::vector<Change>& changes) {
  std::size_t count = 0;
  for (const Change& change : changes) {
    count += change.facts.symbols.size() + change.facts.edges.size();
  }
  return count;
}

using Places = std::unordered_map<std::string, std::size_t>;  // by path, in a group's changes

// Whether one change can stand for both: they are of one content, and the later one adds to it.
bool joins(const Change& earlier, const Change& later) {
  return earlier.kind != Change::Kind::remove && later.kind == Change::Kind::add &&
         earlier.file.md5 == later.file.md5;
}

bool all_join(const std::vector<Change>& group, const Places& places,
              const std::vector<Change>& changes) {
  return std::ranges::all_of(changes, [&](const Change& change) {
    const auto place = places.find(change.file.path);
    return place == places.end() || joins(group[place->second], change);
  });
}

void join(std::vector<Change>& group, Places& places, std::vector<Change>&& changes) {
  for (Change& change : changes) {
    const auto [place, is_new] = places.try_emplace(change.file.path, group.size());
    if (is_new) {
      group.push_back(std::move(change));
    } else {
      unite(group[place->second].facts, std::move(change.facts));
    }
  }
}

}  // namespace

WriteBehind::WriteBehind(GraphPort& graph, std::size_t most_facts)
    : graph_(graph), most_facts_(most_facts), thread_([this] { run(); }) {}

void WriteBehind::add(std::vector<Change> changes, Done done) {
  const std::size_t facts = facts_of(changes);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.empty() || waiting_facts_ + facts <= most_facts_; });
  waiting_.push_back({std::move(changes), std::move(done), facts});
  waiting_facts_ += facts;
  changed_.notify_all();
}

void WriteBehind::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Empty when all is written and nothing more comes.
WriteBehind::Group WriteBehind::take_group() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return finished_ || !waiting_.empty(); });
  Group group;
  Places places;
  while (!waiting_.empty() && all_join(group.changes, places, waiting_.front().changes)) {
    Waiting& first = waiting_.front();
    join(group.changes, places, std::move(first.changes));
    group.done.push_back(std::move(first.done));
    waiting_facts_ -= first.facts;
    waiting_.pop_front();
  }
  changed_.notify_all();
  return group;
}

void WriteBehind::run() {
  for (Group group = take_group(); !group.done.empty(); group = take_group()) {
    const kipu::Status written = graph_.apply(group.changes);
    for (const Done& done : group.done) done(written);
  }
}

}  // namespace callgraph
