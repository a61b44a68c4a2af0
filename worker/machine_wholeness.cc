#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::MessageKind;

}  // namespace

// Whoever has stored the first map has been there from the birth, whether it acts on that one or,
// where a broker was in a hurry or died, only on a later one. It is saved before a later one can
// be.
void Machine::State::join_saved_map() {
  const auto& map = maps.on_disk();
  if (!map || !map->previous.is_none()) return;
  const schema::Worker* worker = cluster::find_worker(*map, store);
  if (worker != nullptr) wholeness.join(*map, worker->id);
}

void Machine::State::take_map_for_wholeness(Now now, Effects& effects) {
  const schema::ClusterMap& map = *maps.in_force();
  wholeness.join(map, maps.self());
  std::vector<std::string> buckets;
  buckets.reserve(map.buckets.size());
  for (const Bucket& bucket : map.buckets) buckets.push_back(bucket.name);
  reconciler.set_buckets(std::move(buckets));
  want_missing();
  reconcile(now, effects);
}

// As many others must have been walked through as keep any majority from having no part in it.
// Where the loss of what they lack is accepted: all of them, whole or not, of which there may be
// none.
void Machine::State::want_missing() {
  const std::uint32_t replicas = maps.in_force()->replicas;
  const std::uint32_t needed = replicas - holders_needed(Level::quorum, replicas) + 1;
  for (const PartitionId partition : wholeness.to_fill()) {
    const std::vector<StoreId>& others = peers.others(partition);
    if (!wholeness.accepts_loss()) {
      reconciler.want(partition, others, needed);
    } else if (others.empty()) {
      filled.push_back(partition);
    } else {
      reconciler.want(partition, others, others.size(), true);
    }
  }
}

// With those with whom nothing is shared there is nothing to compare.
bool Machine::State::has_compared(Now now) {
  return open_check.passed(
      now.instant, leased(now), peers.all(),
      [&](StoreId peer) { return peers.alive(peer, now.instant); },
      [&](StoreId peer) { return peers.find(peer)->shared.empty() || follower.compared(peer); });
}

void Machine::State::on_stream_event(Now now, const StreamEvent& event, Effects& effects) {
  if (const auto* trimmed = std::get_if<Trimmed>(&event)) {
    on_trimmed(*trimmed, effects);
  } else if (const auto* self = std::get_if<SelfLost>(&event)) {
    on_self_lost(*self, effects);
  } else {
    effects.log.push_back(
        {LogLevel::warning, fmt::format("store {} has lost something that it held",
                                        std::get<PeerLost>(event).peer.id.to_string())});
  }
  reconcile(now, effects);
}

void Machine::State::on_trimmed(const Trimmed& trimmed, Effects& effects) {
  const PeerBook::Peer* peer = peers.find(trimmed.origin);
  if (peer == nullptr) return;
  effects.log.push_back(
      {LogLevel::warning,
       fmt::format("{} cannot say what is missing here: reconciling {} partitions with it",
                   peer->worker.to_string(), peer->shared.size())});
  reconciler.catch_up(trimmed.origin, trimmed.head, peer->shared);
}

// What `lost` is about: of its own stream a store may have lost something in any partition.
std::vector<PartitionId> Machine::State::suspected(const SelfLost& lost) const {
  if (lost.own == 0) return peers.find(lost.peer)->shared;
  std::set<PartitionId> all;
  for (const auto& [store_id, peer] : peers.all()) {
    all.insert(peer.shared.begin(), peer.shared.end());
  }
  return {all.begin(), all.end()};
}

// A restored copy, or a disk that lied: nothing of that is served.
void Machine::State::on_self_lost(const SelfLost& lost, Effects& effects) {
  const PeerBook::Peer* peer = peers.find(lost.peer);
  if (peer == nullptr) return;
  // Whoever has been away may still stand where this store was, and this store be filled since.
  if (lost.own != 0 && !wholeness.learn(lost.own)) return;
  const std::vector<PartitionId> partitions = suspected(lost);
  effects.log.push_back(
      {LogLevel::error,
       fmt::format("this store has lost something that {} knows it held: {} partitions are not "
                   "served before they are reconciled",
                   peer->worker.to_string(), partitions.size())});
  wholeness.lose(partitions);
  std::erase_if(filled, [&](PartitionId partition) {
    return std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
  });
  want_missing();
  for (const PartitionId partition : partitions) reconciler.restart(partition);
  if (lost.remembered.is_none()) return;
  reconciler.catch_up(lost.peer, lost.remembered, peer->shared);
}

void Machine::State::tick_wholeness(Now now, Effects& effects) {
  if (now.instant >= next_reconciliation()) reconcile(now, effects);
}

// Without room on the disk nothing is fetched, and ticks would find nothing to do.
Instant Machine::State::next_reconciliation() const {
  if (maps.in_force() == nullptr || health.read_only) return Instant::never();
  return reconciler.next_tick();
}

std::string Machine::State::names_of(const std::set<StoreId>& stores) const {
  std::string names;
  for (const StoreId store_id : stores) {
    const PeerBook::Peer* peer = peers.find(store_id);
    if (peer != nullptr) names += (names.empty() ? "" : ", ") + peer->worker.to_string();
  }
  return names;
}

// Goes on with what is to be reconciled, and takes up what has been.
void Machine::State::reconcile(Now now, Effects& effects) {
  ReconcileSteps steps;
  if (!health.read_only) reconciler.on_tick(now.instant, steps);
  perform(now, std::move(steps), effects);
}

void Machine::State::perform(Now now, ReconcileSteps steps, Effects& effects) {
  for (ReconcileSteps::Ask& ask : steps.asks) {
    ReconcileAsked& asked = reconcile_asked[ask.to];
    if (asked.number != ask.number) asked = {++last_reconcile_request, ask.number};
    tell(ask.to, MessageKind::peer_read, asked.request,
         schema::PeerRead{store, maps.in_force_version(), false, std::move(ask.query)}, effects,
         kPeerPatience);
  }
  for (ReconcileSteps::Merge& one : steps.merges) {
    // What this store lost of its own stream before all others had it, only those that had it can
    // give back, to this store, and this store to the rest: it goes into the stream again. Not so
    // what is walked through only because a stream was trimmed: that would trim others.
    merge(std::move(one.entries), MergeForReconcile{one.from, one.number}, one.fills);
  }
  for (const PartitionId partition : reconciler.take_filled()) filled.push_back(partition);
  for (const Reconciler::CaughtUp& one : reconciler.take_caught_up()) {
    follower.reconciled(one.origin, one.head);
  }
  take_up_filled(now, effects);
  commit_if_idle(now, effects);
}

// First the cursors are where they were before a loss: else whoever remembers that would tell this
// store of the same loss once more after a restart, when others may be waiting for it by then. Not
// for what one of them cannot read: that may be never.
void Machine::State::take_up_filled(Now now, Effects& effects) {
  const bool waits = std::any_of(peers.all().begin(), peers.all().end(), [&](const auto& known) {
    const auto& [peer, about] = known;
    // It would tell of the loss afterwards.
    const bool may_tell =
        wholeness.accepts_loss() && !about.shared.empty() && !follower.compared(peer);
    const bool regains = follower.regains(peer) && peers.alive(peer, now.instant);
    return may_tell || (regains && !reconciler.lacks_only_damaged(peer));
  });
  if (!waits) {
    for (const PartitionId partition : std::exchange(filled, {})) wholeness.fill(partition);
  }
  save_wholeness(now, effects);
}

void Machine::State::take_reconcile_reply(Now now, std::uint64_t request,
                                          Result<schema::PeerReadReply> reply, Effects& effects) {
  for (const auto& [from, asked] : reconcile_asked) {
    if (asked.request != request) continue;
    peers.heard(from, now.instant);
    ReconcileSteps steps;
    reconciler.on_reply(now.instant, from, asked.number, std::move(reply), steps);
    return perform(now, std::move(steps), effects);
  }
}

void Machine::State::on_reconcile_merged(Now now, const MergeForReconcile& merged,
                                         Effects& effects) {
  ReconcileSteps steps;
  reconciler.on_merged(now.instant, merged.from, merged.number, steps);
  perform(now, std::move(steps), effects);
}

void Machine::State::save_wholeness(Now now, Effects& effects) {
  if (auto save = wholeness.next_save()) effects.save_wholeness = std::move(save);
  health.not_whole = static_cast<std::uint32_t>(wholeness.not_whole());
  health.why_not_whole = why_not_whole(now);
}

std::string Machine::State::why_not_whole(Now now) const {
  if (wholeness.not_whole() == 0) return {};
  const std::set<StoreId> lacking = reconciler.not_whole_either(now.instant);
  if (!lacking.empty()) {
    return fmt::format(
        "{} {} not whole either, so too few are left that could fill it: {} accepts that what "
        "none of the replicas has is lost",
        names_of(lacking), lacking.size() == 1 ? "is" : "are", config.accept_loss_with);
  }
  const std::string names = names_of(reconciler.waiting_for());
  if (!names.empty()) return "fills it from " + names;
  const bool is_alone = maps.in_force() != nullptr && maps.in_force()->replicas == 1;
  if (!is_alone || wholeness.accepts_loss()) return "saves what it has filled";
  return "no other replica could fill it: a copy of its directory brings it back, and a store made "
         "with --accept-loss begins anew";
}

void Machine::State::on_wholeness_saved(Now now, std::uint64_t id, Effects& effects) {
  const std::size_t before = wholeness.not_whole();
  wholeness.on_saved(id);
  save_wholeness(now, effects);
  if (before == 0 || wholeness.not_whole() > 0) return;
  effects.log.push_back({LogLevel::info, "all partitions are whole"});
}

}  // namespace kipu::worker
