#include "broker/map_keeper.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::broker {
namespace {

EncodedMap encoded(schema::ClusterMap map) {
  auto bytes = std::make_shared<const Buffer>(schema::encode(map));
  return {std::move(map), std::move(bytes)};
}

std::set<StoreId> stores_of(const schema::ClusterMap& map) {
  std::set<StoreId> stores;
  for (const schema::Worker& worker : map.workers) stores.insert(worker.store);
  return stores;
}

// The first `count` of the living workers in the order of their hellos, numbered from 1.
std::vector<schema::Worker> first_workers(const Members& members, std::uint32_t count) {
  std::vector<const Member*> alive;
  for (const auto& [store, member] : members.all()) {
    if (!member.suspect) alive.push_back(&member);
  }
  std::sort(alive.begin(), alive.end(),
            [](const Member* a, const Member* b) { return a->order < b->order; });
  std::vector<schema::Worker> workers;
  for (std::uint32_t index = 0; index < count; ++index) {
    const Member& member = *alive.at(index);
    workers.push_back({WorkerId{index + 1}, member.store, member.endpoints, member.weight,
                       member.zone, schema::WorkerState::active});
  }
  return workers;
}

}  // namespace

MapKeeper::Waiting MapKeeper::waiting(const Members& members) const {
  if (in_force_) return {};
  if (proposal_) {
    const schema::ClusterMap& map = proposal_->next.map;
    return {ClusterPhase::storing, &map,
            fmt::format("workers to store map {}: {} of {} have", show(map.version),
                        proposal_->stored.size(), proposal_->needed)};
  }
  Choice choice = choose_base(reports(members), met_);
  if (choice.awaited != nullptr) {
    return {ClusterPhase::recovery, choice.awaited, std::move(choice.waiting_for)};
  }
  const std::size_t alive = std::min<std::size_t>(members.count_alive(), plan_.workers);
  if (alive == 0) {
    return {ClusterPhase::starting, nullptr,
            fmt::format("its {} workers: none has come", plan_.workers)};
  }
  return {ClusterPhase::birth, nullptr,
          fmt::format("{} of {} workers to be born: {} come", plan_.workers - alive, plan_.workers,
                      alive == 1 ? std::string("1 has") : fmt::format("{} have", alive))};
}

const EncodedMap* MapKeeper::next_for(const MapVersion& holds) const {
  if (in_force_ && holds < in_force_->map.version) return &*in_force_;
  if (proposal_ && holds < proposal_->next.map.version) return &proposal_->next;
  return nullptr;
}

MapKeeper::Met MapKeeper::meet(const schema::ClusterMap& map, const StoreId& store,
                               const Members& members) {
  note(map.version);
  if (proposal_ && map.version == proposal_->next.map.version) {
    on_stored(store, map.version);
    return Met::fine;
  }
  if (!in_force_) {
    met_[map.version] = map;
    forget_unheld(members);
    if (!proposal_ || contains(proposal_->next.map, map.version)) return Met::fine;
    proposal_.reset();
    return Met::recovers;
  }
  if (map.version <= newest()) return Met::fine;
  if (majority_follows(members)) {
    schema::ClusterMap next = proposal_ ? proposal_->next.map : in_force_->map;
    next.version = next_generation(in_force_->map.version.epoch + 1);
    propose(std::move(next), &in_force_->map);
    return Met::outbids;
  }
  in_force_.reset();
  proposal_.reset();
  met_[map.version] = map;
  return Met::gives_up;
}

// What no broker could have numbered does not count, or there would be no number above it.
void MapKeeper::note(const MapVersion& version) {
  if (version.generation > cluster::kMostMapChanges) return;
  greatest_generation_ = std::max(greatest_generation_, version.generation);
}

void MapKeeper::on_stored(const StoreId& store, const MapVersion& version) {
  note(version);
  if (!proposal_ || version != proposal_->next.map.version) return;
  if (proposal_->asked.contains(store)) proposal_->stored.insert(store);
  // Should this proposal be abandoned, it is one of the maps to choose from.
  if (!in_force_) met_.try_emplace(version, proposal_->next.map);
}

void MapKeeper::propose_change(schema::ClusterMap next) {
  KIPU_CHECK(in_force_ && !proposal_);
  next.version = in_force_->map.version;
  ++next.version.epoch;
  propose(std::move(next), &in_force_->map);
}

MapKeeper::Step MapKeeper::advance(const Members& members) {
  if (proposal_ && proposal_->stored.size() >= proposal_->needed) {
    in_force_ = std::move(proposal_->next);
    proposal_.reset();
    met_.clear();
    failed_births_.clear();
    return Step::in_force;
  }
  if (proposal_ && birth_has_failed(members)) {
    failed_births_.insert(proposal_->next.map.version);
    proposal_.reset();
  }
  if (proposal_ || in_force_) return Step::none;
  return recover(members);
}

MapVersion MapKeeper::next_generation(std::uint64_t epoch) {
  return {++greatest_generation_, rng_.next(), epoch};
}

// `base`: null at birth.
void MapKeeper::propose(schema::ClusterMap next, const schema::ClusterMap* base) {
  next.previous = base != nullptr ? base->version : MapVersion{};
  Proposal proposal;
  proposal.birth = base == nullptr;
  proposal.asked = stores_of(base != nullptr ? *base : next);
  proposal.needed = base != nullptr ? majority(proposal.asked.size()) : proposal.asked.size();
  proposal.next = encoded(std::move(next));
  KIPU_CHECK(proposal.next.map.version > in_force_version());
  proposal_ = std::move(proposal);
}

std::vector<Report> MapKeeper::reports(const Members& members) const {
  std::vector<Report> reports;
  for (const auto& [store, member] : members.all()) {
    const bool no_map = member.holds.is_none() || failed_births_.contains(member.holds);
    // Of whom only a version is known, a hello with the map is awaited.
    if (member.suspect || !(no_map || met_.contains(member.holds))) continue;
    reports.push_back({store, no_map ? MapVersion{} : member.holds});
  }
  return reports;
}

MapKeeper::Step MapKeeper::recover(const Members& members) {
  const Choice choice = choose_base(reports(members), met_);
  if (!choice.waiting_for.empty()) return Step::none;
  if (choice.base == nullptr) return give_birth(members);
  schema::ClusterMap next = *choice.base;
  next.version = next_generation(choice.again ? 1 : choice.base->version.epoch + 1);
  propose(std::move(next), choice.again ? nullptr : choice.base);
  return Step::proposed;
}

MapKeeper::Step MapKeeper::give_birth(const Members& members) {
  if (members.count_alive() < plan_.workers) return Step::none;
  propose(
      cluster::first_map(plan_.cluster, next_generation(1), first_workers(members, plan_.workers),
                         plan_.replicas, plan_.partitions),
      nullptr);
  return Step::proposed;
}

// A worker that was to take part is gone before the birth was complete, and another could take its
// place. Nobody was told of that map as in force, so nothing is lost with it.
bool MapKeeper::birth_has_failed(const Members& members) const {
  if (!proposal_->birth || members.count_alive() < plan_.workers) return false;
  return std::any_of(proposal_->asked.begin(), proposal_->asked.end(), [&](const StoreId& store) {
    const Member* member = members.find(store);
    return member == nullptr || member->suspect;
  });
}

bool MapKeeper::majority_follows(const Members& members) const {
  std::size_t following = 0;
  const MapVersion ours = in_force_->map.version;
  for (const schema::Worker& worker : in_force_->map.workers) {
    const Member* member = members.find(worker.store);
    const bool follows =
        member != nullptr && !member->suspect &&
        (same_generation(member->holds, ours) || same_generation(member->holds, newest()));
    following += follows ? 1 : 0;
  }
  return following >= majority(in_force_->map.workers.size());
}

void MapKeeper::forget_unheld(const Members& members) {
  std::set<MapVersion> held;
  for (const auto& [store, member] : members.all()) held.insert(member.holds);
  std::erase_if(met_, [&](const auto& entry) { return !held.contains(entry.first); });
}

}  // namespace kipu::broker
