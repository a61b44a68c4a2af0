// What is inside the worker machine, for the files that implement it: machine.cc has the events and
// the one switch, machine_broker.cc what concerns the broker and the map, machine_requests.cc what
// clients ask.
#pragma once

#include <algorithm>
#include <string>

#include "schema/codec.h"
#include "worker/append_queue.h"
#include "worker/broker_link.h"
#include "worker/machine.h"
#include "worker/map_book.h"
#include "worker/read_queue.h"

namespace kipu::worker {

struct Machine::State {
  State(Config settings, const storage::StoreInfo& info, Rng rng, Now now);

  // The one switch: each kind of message has a function of its own.
  void handle(Now now, schema::Message message, Effects& effects);

  void on_welcome(Now now, const schema::Message& message, Effects& effects);
  void on_heartbeat_reply(Now now, const schema::Message& message, Effects& effects);
  void on_broker_error(const schema::Message& message, Effects& effects);
  void on_map_store(const schema::Message& message, Effects& effects);
  void on_map_in_force(Now now, const schema::Message& message, Effects& effects);
  void on_append(Now now, const schema::Message& message, Effects& effects);
  void on_query(Now now, const schema::Message& message, Effects& effects);
  void on_unexpected(Now now, const schema::Message& message, Effects& effects);

  void announce(Now now, const MapVersion& version, Effects& effects);
  void after_map_change(Now now, const MapVersion& before, Effects& effects);

  Status admission(const schema::Envelope& envelope) const;
  void accept(Now now, const Asker& asker, schema::AppendRequest request, std::size_t bytes,
              Effects& effects);
  void commit_if_idle(Now now, Effects& effects);
  void expire(Now now, Effects& effects);
  void begin_reads(Now now, Effects& effects);

  void say_hello(Effects& effects) const;
  void send_heartbeat(Now now, Effects& effects) const;

  template <class Body>
  void reply(Now now, const Asker& asker, schema::MessageKind kind, const Body& body,
             Effects& effects) const;
  void refuse(Now now, const Asker& asker, Error error, Effects& effects) const;
  void stop(std::string why, Effects& effects);

  bool may_act(Effects& effects);

  const Config config;
  const StoreId store;
  ClusterId cluster;
  BrokerLink link;
  MapBook maps;
  AppendQueue appends;
  ReadQueue reads;
  std::uint64_t last_commit = 0;
  Duration commit_took{0};
  WorkerHealth health;
  bool draining = false;
  bool stopped = false;
  std::string cannot_start;  // why the first event stops
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

}  // namespace kipu::worker
