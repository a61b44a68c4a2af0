// What is inside the worker machine, for the files that implement it: machine.cc has the events and
// the one switch, machine_broker.cc what concerns the broker and the map, machine_requests.cc what
// clients ask, machine_commits.cc what becomes durable and whom that concerns, machine_peers.cc
// what other workers say of their streams and this one's, machine_reads.cc what they read and
// merge.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "schema/codec.h"
#include "worker/append_queue.h"
#include "worker/broker_link.h"
#include "worker/follower.h"
#include "worker/lease.h"
#include "worker/machine.h"
#include "worker/map_book.h"
#include "worker/merge_queue.h"
#include "worker/open_check.h"
#include "worker/origin.h"
#include "worker/peer_book.h"
#include "worker/quorum_reads.h"
#include "worker/read_queue.h"
#include "worker/reconciler.h"
#include "worker/stream_events.h"
#include "worker/wholeness_book.h"
#include "worker/write_quorum.h"

namespace kipu::worker {

// For whom entries are merged outside of streams.
struct MergeForPeer {  // a PeerMerge
  StoreId to;
  std::uint64_t request = 0;
};
struct MergeForRead {  // what this store lacked of a quorum read
  std::uint64_t read = 0;
  std::uint32_t round = 0;
};
struct MergeForReconcile {  // a page of another
  StoreId from;
  std::uint64_t number = 0;
};
using MergePurpose = std::variant<MergeForPeer, MergeForRead, MergeForReconcile>;

// How long another worker may take over what is asked of it until it is had: it is asked again
// before, under the same request, so that this bounds only what it does for nothing.
inline constexpr Duration kPeerPatience = std::chrono::seconds(10);

struct Machine::State {
  State(Config settings, const storage::StoreInfo& info, Rng rng, Now now);

  // The one switch: each kind of message has a function of its own.
  void handle(Now now, schema::Message message, Effects& effects);

  void on_welcome(Now now, const schema::Message& message, Effects& effects);
  void on_heartbeat_reply(Now now, const schema::Message& message, Effects& effects);
  void on_broker_error(const schema::Message& message, Effects& effects);
  void on_map_store(Now now, const schema::Message& message, Effects& effects);
  void on_map_in_force(Now now, const schema::Message& message, Effects& effects);
  void on_append(Now now, const schema::Message& message, Effects& effects);
  void on_query(Now now, const schema::Message& message, Effects& effects);
  void on_unexpected(Now now, const schema::Message& message, Effects& effects);
  static void drop(const schema::Message& message, Effects& effects);

  // Of other workers.
  void handle_peer(Now now, schema::Message message, Effects& effects);
  void handle_stream(Now now, schema::Message message, Effects& effects);
  void on_bundle(Now now, const schema::Message& message, Effects& effects);
  void on_beacon(Now now, const schema::Message& message, Effects& effects);
  void on_standing(Now now, const schema::Message& message, Effects& effects);
  void on_fetch(Now now, const schema::Message& message, Effects& effects);
  void on_fetched(Now now, const schema::Message& message, Effects& effects);
  void on_fetch_read(Now now, const ForFetch& asked, Result<ReadResult> result, Effects& effects);
  void on_peer_read(Now now, const schema::Message& message, Effects& effects);
  void on_peer_read_reply(Now now, const schema::Message& message, Effects& effects);
  void on_peer_merge(Now now, const schema::Message& message, Effects& effects);
  void on_peer_merged(Now now, const schema::Message& message, Effects& effects);
  void on_peer_error(Now now, const schema::Message& message, Effects& effects);
  void on_wholeness_saved(Now now, std::uint64_t id, Effects& effects);
  // What the streams tell, and what was put into `merges` and is durable now.
  void on_stream_event(Now now, const StreamEvent& event, Effects& effects);
  void on_merged(Now now, const std::vector<MergeId>& merged, Effects& effects);
  void tick_peers(Now now, Effects& effects);
  // Asks for what the streams left out, and commits what they brought.
  void follow(Now now, Effects& effects);
  void send_standing(Now now, StoreId to, std::uint64_t request, bool answer, Effects& effects);
  void answer_comparison(Now now, StoreId to, std::uint64_t request, Effects& effects);
  // `remaining`: how long an answer is waited for.
  template <class Body>
  void tell(StoreId to, schema::MessageKind kind, std::uint64_t request, const Body& body,
            Effects& effects, Duration remaining = Duration::zero()) const;

  void announce(Now now, const MapVersion& version, Effects& effects);
  void after_map_change(Now now, const MapVersion& before, Effects& effects);

  Status admission(const schema::Envelope& envelope) const;
  void accept(Now now, const Asker& asker, schema::AppendRequest request, std::size_t bytes,
              Effects& effects);
  void check_entries(Now now, const schema::ClusterMap& map, schema::AppendRequest request,
                     CheckedAppend& checked) const;
  void commit_if_idle(Now now, Effects& effects);
  void after_commit(Now now, const storage::Merged& merged, Effects& effects);
  // Answers the writes that enough replicas hold.
  void settle(Now now, Effects& effects);
  void answer(Now now, std::vector<WriteQuorum::Answer> answers, Effects& effects) const;
  // Whether it may coordinate, acknowledge, and serve reads of more than itself.
  bool leased(Now now) const;
  void expire(Now now, Effects& effects);
  void begin_reads(Now now, Effects& effects);

  // Reads of one replica or several.
  void begin_query(Now now, const Asker& asker, ReadQuery query, Effects& effects);
  void begin_quorum_query(Now now, const Asker& asker, ReadQuery query, Level level,
                          Effects& effects);
  Status check_served(Now now, const ReadQuery& query, Level level);
  Result<std::vector<QuorumGroup>> quorum_groups(Now now, const ReadQuery& query,
                                                 Level level) const;
  void begin_quorum_reads(Now now, Effects& effects);
  void perform(Now now, std::uint64_t number, ReadSteps steps, Effects& effects);
  template <class Event>
  void quorum_event(Now now, std::uint64_t number, Event event, Effects& effects);
  void tick_reads(Now now, Effects& effects);
  void on_read_done(Now now, const ReadQueue::Ended& ended, Result<ReadResult> result,
                    Effects& effects);
  void note_unreadable(Now now, const Error& error, Effects& effects);
  void answer_read(Now now, const Asker& asker, Result<ReadResult> result, Effects& effects) const;
  void answer_peer(const ForPeer& asked, Result<ReadResult> result, Effects& effects) const;
  void refuse_peer(StoreId to, std::uint64_t request, Error error, Effects& effects) const;
  void take_reply(Now now, std::uint64_t request, Result<schema::PeerReadReply> reply,
                  Effects& effects);
  Status check_merge(const std::vector<Entry>& entries, std::size_t bytes) const;
  void merge(std::vector<Entry> entries, MergePurpose purpose, bool passed_on = false);

  // What this store holds less than it should, and where it gets it from.
  void join_saved_map();
  void take_map_for_wholeness(Now now, Effects& effects);
  void want_missing();
  bool has_compared(Now now);
  void on_trimmed(const Trimmed& trimmed, Effects& effects);
  std::vector<PartitionId> suspected(const SelfLost& lost) const;
  void on_self_lost(const SelfLost& lost, Effects& effects);
  void tick_wholeness(Now now, Effects& effects);
  Instant next_reconciliation() const;
  void reconcile(Now now, Effects& effects);
  void perform(Now now, ReconcileSteps steps, Effects& effects);
  void take_reconcile_reply(Now now, std::uint64_t request, Result<schema::PeerReadReply> reply,
                            Effects& effects);
  void on_reconcile_merged(Now now, const MergeForReconcile& merged, Effects& effects);
  void begin_own(storage::Change& change);
  void take_up_filled(Now now, Effects& effects);
  void save_wholeness(Now now, Effects& effects);
  std::string why_not_whole(Now now) const;
  std::string names_of(const std::set<StoreId>& stores) const;

  void say_hello(Effects& effects) const;
  void send_heartbeat(Now now, Effects& effects) const;

  template <class Body>
  void reply(Now now, const Asker& asker, schema::MessageKind kind, const Body& body,
             Effects& effects) const;
  void refuse(Now now, const Asker& asker, Error error, Effects& effects) const;
  void stop(Error why, Effects& effects);

  bool may_act(Effects& effects);

  const Config config;
  const StoreId store;
  ClusterId cluster;
  BrokerLink link;
  MapBook maps;
  AppendQueue appends;
  ReadQueue reads;
  Lease lease;
  PeerBook peers;
  Origin origin;
  Follower follower;
  WriteQuorum writes;
  MergeQueue merges;
  std::map<MergeId, MergePurpose> merging;
  WholenessBook wholeness;
  std::vector<PartitionId> filled;  // but not called whole yet
  OpenCheck open_check{std::chrono::seconds(1)};
  Reconciler reconciler{ReconcileRules{}};
  QuorumReads quorum_reads;
  struct ReconcileAsked {
    std::uint64_t request = 0;
    std::uint64_t number = 0;
  };
  std::map<StoreId, ReconcileAsked> reconcile_asked;  // the last page asked of each
  std::uint64_t last_reconcile_request = 0;
  Instant next_beacon = Instant::never();  // while there is nobody to send any to
  std::uint64_t last_commit = 0;
  std::optional<Instant> commit_began;  // while one is under way
  bool refilled = false;                // the last commit held what had been lost, and no appends
  Position commit_position;             // of the own entries in it; none if others have no part
  Duration commit_took{0};              // of the last that ended
  Instant commit_ended;                 // and when
  WorkerHealth health;
  bool draining = false;
  bool stopped = false;
  std::optional<Error> cannot_start;  // why the first event stops
};

template <class Body>
void Machine::State::reply(Now now, const Asker& asker, schema::MessageKind kind, const Body& body,
                           Effects& effects) const {
  if (!asker.expects_reply) return;
  schema::Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = asker.request;
  envelope.remaining = std::max(asker.deadline - now.instant, Duration::zero());
  effects.to_broker.push_back(schema::make_message(envelope, body));
}

// Over the peer socket. What answers nothing, and wants no answer, has request id 0.
template <class Body>
void Machine::State::tell(StoreId to, schema::MessageKind kind, std::uint64_t request,
                          const Body& body, Effects& effects, Duration remaining) const {
  schema::Envelope envelope;
  envelope.kind = kind;
  envelope.request_id = request;
  envelope.remaining = remaining;
  effects.to_peers.push_back({to, schema::make_message(envelope, body)});
}

}  // namespace kipu::worker
