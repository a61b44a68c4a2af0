#include "tests/sim/worker_process.h"

#include <chrono>
#include <string>
#include <utility>

#include "schema/codec.h"

namespace kipu::sim {
namespace {

constexpr Duration kRestartDelay = std::chrono::milliseconds(50);

schema::Endpoints endpoints_of(const std::string& name) {
  return {"inproc://" + name + "/stream", "inproc://" + name + "/peer"};
}

bool is_query(schema::MessageKind kind) {
  switch (kind) {
    case schema::MessageKind::page:
    case schema::MessageKind::count:
    case schema::MessageKind::keys:
    case schema::MessageKind::scan:
      return true;
    default:
      return false;
  }
}

}  // namespace

WorkerProcess::WorkerProcess(World& world, Network& network, Mesh& mesh, const Checkers& checkers,
                             std::size_t number)
    : Peer(world, "worker" + std::to_string(number + 1)),
      network_(network),
      mesh_(mesh),
      checkers_(checkers),
      config_(world.options.worker),
      disk_(world, checkers.model, checkers.streams, checkers.places, *this, number) {
  if (world.options.replicas > 1) config_.endpoints = endpoints_of(name());
  mesh_.add(*this, config_.endpoints);
  checkers_.places.add(store(), number);
}

void WorkerProcess::on_start() {
  network_.reconnect(*this);
  mesh_.start(*this);
  checkers_.bounds.on_start(name());
  checkers_.leases.on_start(name());
  checkers_.admission.on_start(name());
  stopping_ = ticking_ = queried_ = false;
  published_.clear();
  disk_.open();
  machine_ =
      std::make_unique<worker::Machine>(config_, disk_.info(), Rng(world_.rng.next()), now());
  sample_disk();
  schedule_tick();
}

void WorkerProcess::on_crash() {
  machine_.reset();
  disk_.crash();
}

void WorkerProcess::receive(schema::Message message) {
  watch_asked(message);
  queried_ = is_query(message.envelope.kind);
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_message(now(), std::move(message), effects);
  });
  queried_ = false;
}

void WorkerProcess::receive_from_peer(schema::Message message) {
  watch_heard(message);
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_peer_message(now(), std::move(message), effects);
  });
}

void WorkerProcess::receive_from_stream(schema::Message message) {
  const bool is_bundle = message.envelope.kind == schema::MessageKind::bundle;
  const std::uint64_t before = world_.marks.count(Mark::fetch);
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_stream_message(now(), std::move(message), effects);
  });
  if (world_.marks.count(Mark::fetch) == before) return;
  ++world_.totals.gaps;
  if (is_bundle) world_.marks.hit(Mark::gap);
}

void WorkerProcess::tick() {
  ticking_ = true;
  run([&](worker::Machine& machine, worker::Effects& effects) { machine.on_tick(now(), effects); });
  ticking_ = false;
}

void WorkerProcess::sample_disk() {
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_stats(now(), disk_.stats(), effects);
  });
  post(config_.heartbeat, [this] { sample_disk(); });
}

void WorkerProcess::carry_out(worker::Effects effects) {
  world_.log(name(), effects.log);
  if (effects.peers) mesh_.connect(*this, *effects.peers);
  for (const StoreId publisher : effects.resubscribe) mesh_.resubscribe(*this, publisher);
  send(effects);
  write(effects);
  for (auto& read : effects.reads) begin_read(std::move(read));
  if (effects.stop) {
    if (!disk_.failed()) world_.verdict.fail("worker", "a worker stops: " + effects.stop->message);
    return end_and_restart();
  }
  if (stopping_ && machine_->idle()) return end_and_restart();
  schedule_tick();
}

void WorkerProcess::send(worker::Effects& effects) {
  for (auto& message : effects.to_broker) {
    plant(message);
    watch_told(message);
    network_.to_broker(*this, std::move(message));
  }
  for (auto& outgoing : effects.to_peers) {
    watch_sent(outgoing.to, outgoing.message);
    mesh_.to_peer(*this, outgoing.to, std::move(outgoing.message));
  }
  for (auto& outgoing : effects.to_stream) {
    watch_published(outgoing.to, outgoing.message);
    mesh_.publish(*this, outgoing.to, std::move(outgoing.message));
  }
}

void WorkerProcess::write(worker::Effects& effects) {
  if (effects.save_wholeness) {
    disk_.save_wholeness(std::move(effects.save_wholeness->whole),
                         [this, id = effects.save_wholeness->id](const storage::Merged& saved) {
                           run([&](worker::Machine& machine, worker::Effects& more) {
                             machine.on_wholeness_saved(now(), id, saved.status, more);
                           });
                         });
  }
  for (auto& save : effects.save_maps) {
    disk_.save_map(save.cluster, std::move(save.map),
                   [this, version = save.version](const storage::Merged& saved) {
                     run([&](worker::Machine& machine, worker::Effects& more) {
                       machine.on_map_saved(now(), version, saved.status, more);
                     });
                   });
  }
  if (effects.commit) begin_commit(std::move(*effects.commit));
}

void WorkerProcess::begin_commit(worker::Commit commit) {
  watch_commit(commit.change);
  disk_.merge(std::move(commit.change), [this, id = commit.id](const storage::Merged& merged) {
    run([&](worker::Machine& machine, worker::Effects& more) {
      machine.on_committed(now(), id, merged, more);
    });
  });
}

void WorkerProcess::stop_gently() {
  stopping_ = true;
  run([&](worker::Machine& machine, worker::Effects& effects) { machine.drain(now(), effects); });
}

// As its supervisor does.
void WorkerProcess::end_and_restart() {
  world_.scheduler.after(kRestartDelay, [this, life = life()] {
    if (!up() && life == this->life()) start();
  });
  crash();
}

void WorkerProcess::begin_read(worker::Read read) {
  checkers_.bounds.on_read_begun(name());
  const auto some_time = [this] {
    return world_.rng.between(std::chrono::microseconds(10), std::chrono::milliseconds(2));
  };
  const DiskOptions& disk = world_.options.disk;
  const bool is_slow = disk.slow_partition && touches(read.query, *disk.slow_partition);
  const Duration extra = is_slow ? disk.slow_read : Duration::zero();
  post(extra + some_time(), [this, some_time, held = std::move(read)] {
    auto result = disk_.read(held.query);
    post(some_time(), [this, id = held.id, read_result = std::move(result)]() mutable {
      checkers_.bounds.on_read_ended(name());
      run([&](worker::Machine& machine, worker::Effects& effects) {
        machine.on_read(now(), id, std::move(read_result), effects);
      });
    });
  });
}

// ---- what it does, as the checkers and the marks are told ----

void WorkerProcess::watch_commit(const storage::Change& change) {
  std::size_t bytes = 0;
  bool takes_over = false;
  for (std::size_t i = 0; i < change.entries.size(); ++i) {
    const Entry& entry = change.entries[i].entry;
    bytes += entry.message_bytes();
    if (i >= change.logged) continue;
    takes_over |= !checkers_.places.is_first(store(), entry);
    // What it lost and others kept, it gets back from them, and passes it on.
    if (!checkers_.model.was_stored(entry)) {
      checkers_.admission.on_committing(name(), now(), entry);
    }
  }
  checkers_.bounds.on_commit(name(), bytes);
  if (!takes_over) return;
  ++world_.totals.failovers;
  world_.marks.hit(Mark::failover);
}

// What the broker sends.
void WorkerProcess::watch_asked(const schema::Message& message) {
  checkers_.admission.on_time(name(), now());
  if (message.envelope.kind == schema::MessageKind::heartbeat_reply) {
    const auto answer = schema::decode<schema::HeartbeatReply>(message.body.view());
    if (answer && answer->known) {
      checkers_.leases.on_answered(name(), answer->echo, now().instant);
    }
  }
  if (message.envelope.kind != schema::MessageKind::append) return;
  const auto request = schema::decode<schema::AppendRequest>(message.body.view());
  if (!request) return;
  for (const Entry& entry : request->entries) {
    checkers_.admission.on_asked(name(), now(), message.envelope.remaining, entry);
  }
}

void WorkerProcess::watch_told(const schema::Message& message) {
  if (message.envelope.kind == schema::MessageKind::append_reply) {
    const auto reply = schema::decode<schema::AppendReply>(message.body.view());
    if (reply && reply->holders > 0) {
      checkers_.leases.on_vouched(name(), now().instant, "acknowledges a write");
    }
  }
  if (message.envelope.kind != schema::MessageKind::heartbeat) return;
  const auto heartbeat = schema::decode<schema::Heartbeat>(message.body.view());
  if (heartbeat) checkers_.bounds.on_health(name(), heartbeat->health);
}

void WorkerProcess::watch_published(StoreId to, const schema::Message& message) {
  if (message.envelope.kind == schema::MessageKind::beacon) return watch_beacon(to, message);
  const auto bundle = schema::decode<schema::Bundle>(message.body.view());
  if (!bundle) return world_.verdict.fail("worker", "published a bundle that does not decode");
  if (bundle->from != store() || bundle->to != to) {
    world_.verdict.fail("worker", "published a bundle under another's name");
  }
  published_[to] = bundle->position;
  checkers_.streams.on_bundle(*bundle);
  std::size_t bytes = 0;
  for (const Entry& entry : bundle->entries) bytes += entry.message_bytes();
  checkers_.bounds.on_published(name(), to, bundle->position, bytes);
}

void WorkerProcess::watch_sent(StoreId to, const schema::Message& message) {
  switch (message.envelope.kind) {
    case schema::MessageKind::standing:
      if (const auto standing = schema::decode<schema::Standing>(message.body.view())) {
        checkers_.streams.on_standing(*standing, to);
        if (standing->holds) {
          checkers_.leases.on_vouched(name(), now().instant, "says that it holds what it has");
        }
      }
      return;
    case schema::MessageKind::fetch:
      return world_.marks.hit(Mark::fetch);
    case schema::MessageKind::peer_read:
      return watch_peer_read(message);
    case schema::MessageKind::peer_merge:
      ++world_.totals.repairs;
      return world_.marks.hit(Mark::read_repair);
    case schema::MessageKind::peer_read_reply:
      if (world_.marks.count(Mark::not_whole) > 0) return;
      if (const auto reply = schema::decode<schema::PeerReadReply>(message.body.view())) {
        if (!reply->whole) world_.marks.hit(Mark::not_whole);
      }
      return;
    default:
      return;
  }
}

void WorkerProcess::watch_peer_read(const schema::Message& message) {
  if (ticking_) world_.marks.hit(Mark::hedge);
  if (queried_) checkers_.leases.on_vouched(name(), now().instant, "coordinates a read");
  if (world_.marks.count(Mark::digests_differ) > 0) return;
  const auto asked = schema::decode<schema::PeerRead>(message.body.view());
  if (asked && !asked->digest_only && std::holds_alternative<PageQuery>(asked->query)) {
    world_.marks.hit(Mark::digests_differ);
  }
}

void WorkerProcess::watch_beacon(StoreId to, const schema::Message& message) {
  if (world_.marks.count(Mark::held_back) > 0) return;
  const auto beacon = schema::decode<schema::Beacon>(message.body.view());
  const std::uint64_t run = disk_.info().runs.back().number;
  if (beacon && beacon->last.run == run && beacon->last != published_[to]) {
    world_.marks.hit(Mark::held_back);
  }
}

void WorkerProcess::watch_heard(const schema::Message& message) {
  if (message.envelope.kind == schema::MessageKind::standing) {
    const auto standing = schema::decode<schema::Standing>(message.body.view());
    if (standing) {
      checkers_.bounds.on_acknowledged(name(), standing->from, standing->cursor);
    }
  }
  if (message.envelope.kind != schema::MessageKind::fetched) return;
  const auto fetched = schema::decode<Fetched>(message.body.view());
  if (!fetched) return;
  ++world_.totals.fetches;
  world_.marks.hit(fetched->trimmed ? Mark::trimmed : Mark::fetched);
  if (!fetched->trimmed && fetched->through != fetched->head) world_.marks.hit(Mark::fetched_part);
}

void WorkerProcess::plant(schema::Message& message) {
  if (world_.options.plant != Plant::store_refused) return;
  if (message.envelope.kind != schema::MessageKind::append_reply || !world_.rng.one_in(20)) return;
  message.envelope.kind = schema::MessageKind::error;
  message.body = schema::encode(schema::ErrorReply{{ErrorCode::wrong_mode, "planted"}});
}

}  // namespace kipu::sim
