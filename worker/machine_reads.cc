#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/checks.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::Message;
using schema::MessageKind;

// Of the quorum reads under way most wait for others, not for the store.
constexpr std::size_t kQuorumReadsPerStoreRead = 2;
// Reads of other workers have as many places as those of clients have, beside them: else two
// workers full of clients' reads would wait for one another.
constexpr std::size_t kReadsWithPeers = 2;
// A quorum read is given up so much of its time before its deadline, so that its reason arrives.
constexpr int kGiveUpShare = 8;

MessageKind reply_kind(const Page&) {
  return MessageKind::page_reply;
}
MessageKind reply_kind(const Count&) {
  return MessageKind::count_reply;
}
MessageKind reply_kind(const KeysPage&) {
  return MessageKind::keys_reply;
}

std::vector<PartitionId> partitions_of(const ReadQuery& query) {
  return std::visit(
      [](const auto& one) -> std::vector<PartitionId> {
        if constexpr (requires { one.partitions; }) {
          return one.partitions;
        } else {
          return {one.partition};
        }
      },
      query);
}

Level level_of(const schema::ClusterMap& map, const ReadQuery& query) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.level; }) {
          if (one.level != Level::bucket_default) return one.level;
          return cluster::find_bucket(map, one.bucket)->read_level;
        } else {
          return Level::none;
        }
      },
      query);
}

bool is_as_it_stands(const ReadQuery& query) {
  const auto* page = std::get_if<PageQuery>(&query);
  return page != nullptr && page->as_it_stands;
}

Instant give_up_by(Now now, Instant deadline, Duration hedge) {
  const Duration left = deadline - now.instant;
  return now.instant + (left - std::min(left / kGiveUpShare, hedge));
}

}  // namespace

// A checked query of a client: from the own store alone, or from as many as its level needs.
void Machine::State::begin_query(Now now, const Asker& asker, ReadQuery query, Effects& effects) {
  const schema::ClusterMap& map = *maps.in_force();
  const Level level = is_as_it_stands(query) ? Level::one : level_of(map, query);
  if (level == Level::none) {
    return refuse(now, asker,
                  {ErrorCode::invalid_argument, "a read has the level one, quorum or all"},
                  effects);
  }
  if (!is_as_it_stands(query)) {
    if (auto served = check_served(now, query, level); !served) {
      return refuse(now, asker, std::move(served.error()), effects);
    }
  }
  if (holders_needed(level, map.replicas) > 1) {
    return begin_quorum_query(now, asker, std::move(query), level, effects);
  }
  ForClient purpose{asker};
  if (map.replicas > 1 && !is_as_it_stands(query)) purpose.for_others = query;
  reads.add(std::move(purpose), asker.deadline, std::move(query));
  begin_reads(now, effects);
}

void Machine::State::begin_quorum_query(Now now, const Asker& asker, ReadQuery query, Level level,
                                        Effects& effects) {
  auto groups = quorum_groups(now, query, level);
  if (!groups) return refuse(now, asker, std::move(groups.error()), effects);
  quorum_reads.wait({asker, std::move(query), std::move(*groups)});
  begin_quorum_reads(now, effects);
}

Status Machine::State::check_served(Now now, const ReadQuery& query, Level level) {
  for (const PartitionId partition : partitions_of(query)) {
    if (wholeness.is_whole(partition)) continue;
    return fail(ErrorCode::unavailable,
                fmt::format("partition {} is not whole at this worker yet", partition.number));
  }
  if (level == Level::one) return {};
  if (!leased(now)) {
    return fail(ErrorCode::unavailable,
                "this worker has no lease: its broker has not answered for a while");
  }
  if (!has_compared(now)) {
    return fail(ErrorCode::unavailable,
                "this worker was started just now, and compares with the others first");
  }
  return {};
}

// The query's partitions by their other replicas, those that live first.
Result<std::vector<QuorumGroup>> Machine::State::quorum_groups(Now now, const ReadQuery& query,
                                                               Level level) const {
  const std::uint32_t replicas = maps.in_force()->replicas;
  const std::size_t needed = holders_needed(level, replicas) - 1;
  std::map<std::vector<StoreId>, std::vector<PartitionId>> by_others;
  for (const PartitionId partition : partitions_of(query)) {
    by_others[peers.others(partition)].push_back(partition);
  }
  std::vector<QuorumGroup> groups;
  for (auto& [others, partitions] : by_others) {
    QuorumGroup group{std::move(partitions), {}};
    group.quorum.needed = needed;
    // At level one nobody makes sure that others hold what is read.
    group.quorum.majority = needed == 0 ? 1 : holders_needed(Level::quorum, replicas);
    std::vector<Replica> dead;
    for (const StoreId other : others) {
      auto& part = peers.alive(other, now.instant) ? group.quorum.others : dead;
      part.push_back({peers.find(other)->worker, other});
    }
    if (group.quorum.others.size() < needed) {
      std::string names;
      for (const Replica& one : dead) {
        names += (names.empty() ? "" : ", ") + one.worker.to_string();
      }
      return fail(ErrorCode::unavailable, fmt::format("{}; missing: {}",
                                                      too_few_live(group.quorum.others.size() + 1,
                                                                   others.size() + 1, needed + 1),
                                                      names.empty() ? "none" : names));
    }
    group.quorum.others.insert(group.quorum.others.end(), dead.begin(), dead.end());
    groups.push_back(std::move(group));
  }
  return groups;
}

void Machine::State::begin_quorum_reads(Now now, Effects& effects) {
  const std::size_t at_once = config.reads_at_once * kQuorumReadsPerStoreRead;
  while (auto next = quorum_reads.next(now.instant, at_once)) {
    const Asker asker = next->asker;
    const auto partitions = static_cast<std::uint32_t>(maps.in_force()->placement.size());
    const QuorumRules rules{config.hedge, give_up_by(now, asker.deadline, config.hedge),
                            partitions};
    const std::uint64_t number = quorum_reads.begin(
        asker, make_read_quorum(std::move(next->query), std::move(next->groups), rules));
    ReadSteps steps;
    quorum_reads.find(number)->begin(now.instant, steps);
    perform(now, number, std::move(steps), effects);
  }
}

// Does what a read wants done, and answers it if it is done.
void Machine::State::perform(Now now, std::uint64_t number, ReadSteps steps, Effects& effects) {
  if (quorum_reads.find(number)->answered()) {
    auto result = quorum_reads.find(number)->take_answer();
    return answer_read(now, quorum_reads.end(number), std::move(result), effects);
  }
  const Duration remaining =
      std::max(quorum_reads.deadline(number) - now.instant, Duration::zero());
  for (ReadSteps::Own& own : steps.own) {
    reads.add(ForQuorum{number, own.round}, Instant::never(), std::move(own.query));
  }
  for (ReadSteps::Ask& ask : steps.asks) {
    const schema::PeerRead asked{store, maps.in_force_version(), ask.digest_only,
                                 std::move(ask.query)};
    tell(ask.to, MessageKind::peer_read, quorum_reads.ask({number, ask.round, ask.to}), asked,
         effects, remaining);
  }
  for (ReadSteps::Fill& fill : steps.fills) {
    tell(fill.to, MessageKind::peer_merge, quorum_reads.ask({number, fill.round, fill.to}),
         schema::PeerMerge{store, std::move(fill.entries)}, effects, remaining);
  }
  for (ReadSteps::OwnFill& fill : steps.own_fills) {
    merge(std::move(fill.entries), MergeForRead{number, fill.round});
  }
  if (!steps.own_fills.empty()) commit_if_idle(now, effects);
  begin_reads(now, effects);
}

// Something happened to a read; `event` tells it. Nothing if it has ended.
template <class Event>
void Machine::State::quorum_event(Now now, std::uint64_t number, Event event, Effects& effects) {
  ReadQuorum* read = quorum_reads.find(number);
  if (read == nullptr) return;
  ReadSteps steps;
  event(*read, steps);
  perform(now, number, std::move(steps), effects);
  begin_quorum_reads(now, effects);
}

void Machine::State::tick_reads(Now now, Effects& effects) {
  for (const std::uint64_t number : quorum_reads.due(now.instant)) {
    quorum_event(
        now, number, [&](ReadQuorum& read, ReadSteps& steps) { read.on_tick(now.instant, steps); },
        effects);
  }
}

void Machine::State::on_read_done(Now now, const ReadQueue::Ended& ended, Result<ReadResult> result,
                                  Effects& effects) {
  if (!result && is_damage(result.error().code)) note_unreadable(now, result.error(), effects);
  if (const auto* quorum = std::get_if<ForQuorum>(&ended.purpose)) {
    return quorum_event(
        now, quorum->read,
        [&](ReadQuorum& read, ReadSteps& steps) {
          read.on_own_read(now.instant, quorum->round, std::move(result), steps);
        },
        effects);
  }
  if (ended.deadline <= now.instant) return;  // whoever asked has been answered by now
  if (const auto* client = std::get_if<ForClient>(&ended.purpose)) {
    const bool asks_others = !result && is_damage(result.error().code) && client->for_others;
    if (!asks_others) return answer_read(now, client->asker, std::move(result), effects);
    return begin_quorum_query(now, client->asker, *client->for_others, Level::one, effects);
  }
  if (const auto* peer = std::get_if<ForPeer>(&ended.purpose)) {
    return answer_peer(*peer, std::move(result), effects);
  }
  on_fetch_read(now, std::get<ForFetch>(ended.purpose), std::move(result), effects);
}

// It is told until the process ends: whatever mends a store makes it anew.
void Machine::State::note_unreadable(Now now, const Error& error, Effects& effects) {
  UnreadableReads& unreadable = health.unreadable;
  if (++unreadable.count > 1) return;
  unreadable.since = now.wall;
  unreadable.what = error.message;
  effects.log.push_back({LogLevel::error,
                         "this store cannot read a part of what it holds, and "
                         "leaves it to the others: " +
                             error.message});
}

void Machine::State::answer_read(Now now, const Asker& asker, Result<ReadResult> result,
                                 Effects& effects) const {
  if (!result) return refuse(now, asker, std::move(result.error()), effects);
  std::visit(
      [&]<class Body>(const Body& body) {  // NOLINT(bugprone-exception-escape): nothing is thrown
        // No client may ask for what a log holds.
        if constexpr (!std::is_same_v<Body, Fetched>) {
          reply(now, asker, reply_kind(body), body, effects);
        }
      },
      *result);
}

void Machine::State::on_peer_read(Now now, const Message& message, Effects& effects) {
  auto asked = schema::decode<schema::PeerRead>(message.body.view());
  if (!asked || peers.find(asked->from) == nullptr) return drop(message, effects);
  const StoreId from = asked->from;
  const std::uint64_t request = message.envelope.request_id;
  const Instant deadline =
      now.instant + std::min(message.envelope.remaining, limits::kLongestRemaining);
  peers.heard(from, now.instant);
  if (reads.prolong(from, request, deadline)) return;
  if (reads.size() >= config.max_reads * kReadsWithPeers) {
    return refuse_peer(from, request, {ErrorCode::overloaded, "too many reads wait here"}, effects);
  }
  // Whoever walks through a partition has to know all buckets that it has here.
  if (std::holds_alternative<ScanQuery>(asked->query) && asked->map < maps.in_force_version()) {
    return refuse_peer(from, request, {ErrorCode::unavailable, "a newer map is in force here"},
                       effects);
  }
  auto query = check_query(*maps.in_force(), maps.self(), std::move(asked->query));
  if (!query) return refuse_peer(from, request, std::move(query.error()), effects);
  const bool whole = leased(now) && check_served(now, *query, Level::quorum).has_value();
  reads.add(ForPeer{from, request, whole, asked->digest_only}, deadline, std::move(*query));
  begin_reads(now, effects);
}

void Machine::State::answer_peer(const ForPeer& asked, Result<ReadResult> result,
                                 Effects& effects) const {
  if (!result) return refuse_peer(asked.to, asked.request, std::move(result.error()), effects);
  schema::PeerReadReply reply{asked.whole, digest_of(*result), {}};
  if (!asked.digest_only) reply.result = std::move(*result);
  tell(asked.to, MessageKind::peer_read_reply, asked.request, reply, effects);
}

void Machine::State::refuse_peer(StoreId to, std::uint64_t request, Error error,
                                 Effects& effects) const {
  tell(to, MessageKind::error, request, schema::ErrorReply{std::move(error)}, effects);
}

void Machine::State::on_peer_read_reply(Now now, const Message& message, Effects& effects) {
  auto reply = schema::decode<schema::PeerReadReply>(message.body.view());
  if (!reply) return drop(message, effects);
  take_reply(now, message.envelope.request_id, std::move(*reply), effects);
}

void Machine::State::on_peer_error(Now now, const Message& message, Effects& effects) {
  auto reply = schema::decode<schema::ErrorReply>(message.body.view());
  if (!reply) return drop(message, effects);
  take_reply(now, message.envelope.request_id, fail(std::move(reply->error)), effects);
}

void Machine::State::take_reply(Now now, std::uint64_t request, Result<schema::PeerReadReply> reply,
                                Effects& effects) {
  const auto asked = quorum_reads.answered(request);
  if (!asked) return take_reconcile_reply(now, request, std::move(reply), effects);
  peers.heard(asked->to, now.instant);
  quorum_event(
      now, asked->read,
      [&](ReadQuorum& read, ReadSteps& steps) {
        // An error answers whatever was asked, a read or a merge.
        if (!reply) read.on_filled(now.instant, asked->round, asked->to, false, steps);
        read.on_reply(now.instant, asked->round, asked->to, std::move(reply), steps);
      },
      effects);
}

void Machine::State::on_peer_merge(Now now, const Message& message, Effects& effects) {
  auto asked = schema::decode<schema::PeerMerge>(message.body.view());
  if (!asked || peers.find(asked->from) == nullptr) return drop(message, effects);
  const std::uint64_t request = message.envelope.request_id;
  peers.heard(asked->from, now.instant);
  if (auto fits = check_merge(asked->entries, message.body.size()); !fits) {
    return refuse_peer(asked->from, request, std::move(fits.error()), effects);
  }
  merge(std::move(asked->entries), MergeForPeer{asked->from, request});
  commit_if_idle(now, effects);
}

Status Machine::State::check_merge(const std::vector<Entry>& entries, std::size_t bytes) const {
  if (entries.empty()) return fail(ErrorCode::invalid_argument, "there is nothing to merge");
  if (health.read_only) return fail(ErrorCode::read_only, "this worker's disk is nearly full");
  // One message is always taken: else one that is larger than the bound never would be.
  const std::size_t waiting = merges.waiting_bytes();
  if (waiting > 0 && waiting + bytes > config.max_incoming_bytes) {
    return fail(ErrorCode::overloaded, "too much waits for this worker's disk");
  }
  const schema::ClusterMap& map = *maps.in_force();
  const auto partitions = static_cast<std::uint32_t>(map.placement.size());
  for (const Entry& entry : entries) {
    if (Status valid = validate(entry); !valid) return valid;
    const PartitionId partition = cluster::partition_of(entry.bucket, entry.key, partitions);
    if (!cluster::is_replica(map, partition, maps.self())) {
      return fail(ErrorCode::wrong_worker, "this worker is no replica of the entry's partition");
    }
  }
  return {};
}

// For the next commit. The entries were validated.
void Machine::State::merge(std::vector<Entry> entries, MergePurpose purpose, bool passed_on) {
  const auto partitions = static_cast<std::uint32_t>(maps.in_force()->placement.size());
  std::vector<storage::PlacedEntry> placed;
  placed.reserve(entries.size());
  for (Entry& entry : entries) {
    const PartitionId partition = cluster::partition_of(entry.bucket, entry.key, partitions);
    placed.push_back({partition, std::move(entry)});
  }
  merging.emplace(merges.add(std::move(placed), passed_on), purpose);
}

void Machine::State::on_merged(Now now, const std::vector<MergeId>& merged, Effects& effects) {
  for (const MergeId id : merged) {
    const auto found = merging.find(id);
    if (found == merging.end()) continue;
    const MergePurpose purpose = found->second;
    merging.erase(found);
    if (const auto* peer = std::get_if<MergeForPeer>(&purpose)) {
      schema::Envelope envelope;
      envelope.kind = MessageKind::peer_merged;
      envelope.request_id = peer->request;
      effects.to_peers.push_back({peer->to, Message{envelope, {}}});
    } else if (const auto* read = std::get_if<MergeForRead>(&purpose)) {
      quorum_event(
          now, read->read,
          [&](ReadQuorum& one, ReadSteps& steps) {
            one.on_own_filled(now.instant, read->round, steps);
          },
          effects);
    } else {
      on_reconcile_merged(now, std::get<MergeForReconcile>(purpose), effects);
    }
  }
}

void Machine::State::on_peer_merged(Now now, const Message& message, Effects& effects) {
  const auto asked = quorum_reads.answered(message.envelope.request_id);
  if (!asked) return;
  peers.heard(asked->to, now.instant);
  quorum_event(
      now, asked->read,
      [&](ReadQuorum& read, ReadSteps& steps) {
        read.on_filled(now.instant, asked->round, asked->to, true, steps);
      },
      effects);
}

}  // namespace kipu::worker
