#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cluster/map.h"
#include "schema/codec.h"
#include "worker/checks.h"
#include "worker/machine_state.h"

namespace kipu::worker {
namespace {

using schema::MessageKind;

// The replicas of an entry, and how many of them live.
struct Considered {
  WriteNeed need;
  std::uint32_t live = 0;
  bool taken = false;  // an entry with this need was
};

}  // namespace

bool Machine::State::leased(Now now) const {
  return maps.in_force() != nullptr && !maps.behind() && lease.holds(now.instant);
}

// Checks each entry, and queues those that pass as one request.
void Machine::State::accept(Now now, const Asker& asker, schema::AppendRequest request,
                            std::size_t bytes, Effects& effects) {
  const schema::ClusterMap* map = maps.in_force();
  if (map == nullptr) {
    return refuse(now, asker, {ErrorCode::unavailable, "no cluster map is in force here yet"},
                  effects);
  }
  if (!leased(now)) {
    return refuse(now, asker,
                  {ErrorCode::unavailable,
                   "this worker has no lease: its broker has not answered for a while"},
                  effects);
  }
  CheckedAppend checked{.asker = asker, .bytes = bytes};
  check_entries(now, *map, std::move(request), checked);
  if (checked.entries.empty()) {
    const schema::AppendReply nothing_stored{0, std::move(checked.refusals), {}};
    return reply(now, asker, MessageKind::append_reply, nothing_stored, effects);
  }
  std::size_t entry_bytes = 0;
  for (const storage::PlacedEntry& placed : checked.entries) {
    entry_bytes += placed.entry.message_bytes();
  }
  checked.bytes = std::max(bytes, entry_bytes);
  appends.add(std::move(checked));
}

// Refused is also, before anything is written, what too few live replicas could hold.
void Machine::State::check_entries(Now now, const schema::ClusterMap& map,
                                   schema::AppendRequest request, CheckedAppend& checked) const {
  std::vector<Considered> considered;
  const auto consider = [&](PartitionId partition, std::uint32_t needed) -> Considered& {
    const WriteNeed need{peers.others(partition), needed};
    for (Considered& known : considered) {
      if (known.need == need) return known;
    }
    const auto live = std::count_if(need.others.begin(), need.others.end(),
                                    [&](StoreId other) { return peers.alive(other, now.instant); });
    return considered.emplace_back(Considered{need, static_cast<std::uint32_t>(live) + 1});
  };
  for (std::uint32_t index = 0; index < request.entries.size(); ++index) {
    Entry& entry = request.entries[index];
    const auto partition = check_entry(map, maps.self(), now.wall, entry);
    if (!partition) {
      checked.refusals.push_back({index, partition.error()});
      continue;
    }
    const Level level = request.level != Level::bucket_default
                            ? request.level
                            : cluster::find_bucket(map, entry.bucket)->write_level;
    Considered& replicas = consider(*partition, holders_needed(level, map.replicas));
    if (replicas.live < replicas.need.needed) {
      checked.refusals.push_back(
          {index,
           {ErrorCode::unavailable,
            too_few_live(replicas.live, replicas.need.others.size() + 1, replicas.need.needed)}});
      continue;
    }
    replicas.taken = true;
    if (request.tell_present) checked.asked.push_back(index);
    checked.entries.push_back({*partition, std::move(entry)});
  }
  for (Considered& replicas : considered) {
    if (replicas.taken) checked.needs.push_back(std::move(replicas.need));
  }
}

// What clients sent, or what this store had lost and others may lack: in turn, so that neither
// waits for ever.
void Machine::State::begin_own(storage::Change& change) {
  if (!refilled) merges.begin(change, config.max_commit_bytes, true);
  refilled = !change.entries.empty();
  if (!refilled) appends.begin_commit(change, config.max_commit_bytes);
  if (!change.entries.empty()) return;
  merges.begin(change, config.max_commit_bytes, true);
  refilled = !change.entries.empty();
}

// Own entries come first, since they are what the log names.
void Machine::State::commit_if_idle(Now now, Effects& effects) {
  if (commit_began) return;
  expire(now, effects);
  storage::Change change;
  begin_own(change);
  if (!change.entries.empty()) origin.begin(now.instant, peers, change);
  follower.begin(change, config.max_commit_bytes);
  merges.begin(change, config.max_commit_bytes);
  if (change.entries.empty() && change.cursors.empty()) return;
  commit_began = now.instant;
  commit_position = change.position.value_or(Position{});
  effects.commit = Commit{CommitId{++last_commit}, std::move(change)};
}

// Publishes, tells where this store stands now, and answers: all of it durable.
void Machine::State::after_commit(Now now, const storage::Merged& merged, Effects& effects) {
  commit_took = now.instant - *commit_began;
  commit_ended = now.instant;
  commit_began.reset();
  for (schema::Bundle& bundle : origin.committed()) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::bundle;
    effects.to_stream.push_back({bundle.to, schema::make_message(envelope, bundle)});
  }
  for (CheckedAppend& stored : appends.end_commit(merged.present)) {
    writes.add(now.instant, std::move(stored), commit_position);
  }
  for (const StoreId followed : follower.committed()) {
    send_standing(now, followed, 0, false, effects);
  }
  const std::vector<MergeId> ended = merges.committed();
  if (!ended.empty()) on_merged(now, ended, effects);
  if (!filled.empty()) take_up_filled(now, effects);
  settle(now, effects);
  follow(now, effects);
}

void Machine::State::settle(Now now, Effects& effects) {
  if (!writes.empty() && leased(now)) answer(now, writes.settled(), effects);
}

void Machine::State::answer(Now now, std::vector<WriteQuorum::Answer> answers,
                            Effects& effects) const {
  for (WriteQuorum::Answer& one : answers) {
    if (one.error) {
      refuse(now, one.asker, std::move(*one.error), effects);
    } else {
      reply(now, one.asker, MessageKind::append_reply, one.reply, effects);
    }
  }
}

void Machine::State::expire(Now now, Effects& effects) {
  for (const HeldAppend& held : appends.give_up(now.instant)) {
    refuse(now, held.asker,
           {ErrorCode::unavailable,
            "the newer cluster map that the request is for has not come to this worker"},
           effects);
  }
  for (const Asker& asker : appends.expire(now.instant)) {
    refuse(now, asker,
           {ErrorCode::deadline_exceeded, "the request ran out of time before it was stored"},
           effects);
  }
  answer(now, writes.expire(now.instant), effects);
}

}  // namespace kipu::worker
