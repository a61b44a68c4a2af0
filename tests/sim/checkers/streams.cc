#include "tests/sim/checkers/streams.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "tests/sim/checkers/model.h"

namespace kipu::sim {
namespace {

std::string text_of(Position position) {
  return fmt::format("{:x}:{}", position.run, position.counter);
}

std::set<EntryId> names_of(const std::vector<Entry>& entries) {
  std::set<EntryId> names;
  for (const Entry& entry : entries) names.insert(entry.id());
  return names;
}

}  // namespace

void StreamModel::set_place(Knows is_for, Knows is_held) {
  is_for_ = std::move(is_for);
  is_held_ = std::move(is_held);
}

void StreamModel::on_commit(StoreId store, Position position, std::vector<Entry> entries) {
  Origin& origin = origins_[store];
  std::uint64_t& last = origin.last[position.run];
  if (position.counter <= last) {
    verdict_.fail("positions", "a position is used again: " + text_of(position));
  }
  last = std::max(last, position.counter);
  origin.index[{position.run, position.counter}] = origin.commits.size();
  for (const Entry& entry : entries) logged_.insert(entry.id());
  origin.commits.push_back({position, std::move(entries)});
}

std::size_t StreamModel::past(const Origin& origin, Position position, const char* what) {
  if (position.is_none()) return 0;
  const auto found = origin.index.find({position.run, position.counter});
  if (found != origin.index.end()) return found->second + 1;
  verdict_.fail("positions",
                fmt::format("{} names {}, which no commit has", what, text_of(position)));
  return 0;
}

void StreamModel::check_holds(StoreId reader, const Commit& commit) {
  if (commit.lost) return;
  for (const Entry& entry : commit.entries) {
    if (!is_for_(reader, entry) || is_held_(reader, entry)) continue;
    verdict_.fail("positions", fmt::format("a cursor passed {}, and its disk lacks of that: {}",
                                           text_of(commit.position), describe(entry)));
  }
}

void StreamModel::on_cursor(StoreId reader, StoreId store, Position cursor) {
  if (!is_for_) return;
  const Origin& origin = origins_[store];
  Reader& state = readers_[{reader, store}];
  state.next = past(origin, cursor, "a cursor");
  for (; state.checked < state.next; ++state.checked) {
    check_holds(reader, origin.commits[state.checked]);
  }
}

void StreamModel::on_bundle(const schema::Bundle& bundle) {
  if (!is_for_) return;
  const Origin& origin = origins_[bundle.from];
  const std::size_t next = past(origin, bundle.position, "a bundle");
  if (next == 0) return;
  const Commit& commit = origin.commits[next - 1];
  std::vector<Entry> due;
  for (const Entry& entry : commit.entries) {
    if (is_for_(bundle.to, entry)) due.push_back(entry);
  }
  if (names_of(due) != names_of(bundle.entries)) {
    verdict_.fail("positions",
                  fmt::format("a bundle of {} has {} entries, and not the {} of the "
                              "commit that are for its reader",
                              text_of(bundle.position), bundle.entries.size(), due.size()));
  }
  past(origin, bundle.previous, "a bundle's previous");
}

void StreamModel::on_standing(const schema::Standing& standing, StoreId to) {
  if (!is_for_) return;
  const std::size_t said = past(origins_[to], standing.cursor, "a standing");
  // A cursor leaves what its origin has lost for what that has, which may be further back: until
  // the process hears that this is saved, it says where it was.
  if (is_lost(to, standing.cursor)) return;
  if (said > readers_[{standing.from, to}].next) {
    verdict_.fail("positions",
                  "a standing names a cursor that is not saved: " + text_of(standing.cursor));
  }
}

bool StreamModel::is_lost(StoreId store, Position position) const {
  const auto origin = origins_.find(store);
  if (origin == origins_.end()) return false;
  const auto commit = origin->second.index.find({position.run, position.counter});
  return commit != origin->second.index.end() && origin->second.commits[commit->second].lost;
}

void StreamModel::on_disk_lost(StoreId store, const storage::StreamState& left) {
  Origin& origin = origins_[store];
  const std::size_t kept = past(origin, left.head, "a head");
  for (std::size_t i = kept; i < origin.commits.size(); ++i) {
    if (std::exchange(origin.commits[i].lost, true)) continue;
    for (const Entry& entry : origin.commits[i].entries) logged_.extract(entry.id());
  }
  for (auto& [names, reader] : readers_) {
    if (names.first != store) continue;
    const auto cursor = left.cursors.find(names.second);
    const Position position = cursor == left.cursors.end() ? Position{} : cursor->second;
    reader.next = past(origins_[names.second], position, "a cursor");
    reader.checked = std::min(reader.checked, reader.next);
  }
}

}  // namespace kipu::sim
