#include "tests/sim/worker_process.h"

#include <chrono>
#include <utility>

#include "schema/codec.h"

namespace kipu::sim {
namespace {
constexpr Duration kRestartDelay = std::chrono::milliseconds(50);
}

WorkerProcess::WorkerProcess(World& world, Network& network, Model& model, std::string name)
    : Peer(world, std::move(name)), network_(network), disk_(world, model, *this) {}

void WorkerProcess::on_start() {
  network_.reconnect(*this);
  stopping_ = false;
  machine_ = std::make_unique<worker::Machine>(world_.options.worker, disk_.info(),
                                               Rng(world_.rng.next()), now());
  sample_disk();
  schedule_tick();
}

void WorkerProcess::on_crash() {
  machine_.reset();
  disk_.crash();
}

void WorkerProcess::receive(schema::Message message) {
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_message(now(), std::move(message), effects);
  });
}

void WorkerProcess::tick() {
  run([&](worker::Machine& machine, worker::Effects& effects) { machine.on_tick(now(), effects); });
}

void WorkerProcess::sample_disk() {
  run([&](worker::Machine& machine, worker::Effects& effects) {
    machine.on_stats(now(), disk_.stats(), effects);
  });
  post(world_.options.worker.heartbeat, [this] { sample_disk(); });
}

void WorkerProcess::carry_out(worker::Effects effects) {
  world_.log(name(), effects.log);
  for (auto& message : effects.to_broker) {
    plant(message);
    network_.to_broker(*this, std::move(message));
  }
  for (auto& save : effects.save_maps) {
    disk_.save_map(save.cluster, std::move(save.map),
                   [this, version = save.version](const Status& status) {
                     run([&](worker::Machine& machine, worker::Effects& more) {
                       machine.on_map_saved(now(), version, status, more);
                     });
                   });
  }
  if (effects.commit) {
    disk_.merge(std::move(effects.commit->entries),
                [this, id = effects.commit->id](const Status& status) {
                  run([&](worker::Machine& machine, worker::Effects& more) {
                    machine.on_committed(now(), id, status, more);
                  });
                });
  }
  for (auto& read : effects.reads) begin_read(std::move(read));
  if (effects.stop) {
    if (!disk_.failed()) world_.verdict.fail("worker", "a worker stops: " + *effects.stop);
    return end_and_restart();
  }
  if (stopping_ && machine_->idle()) return end_and_restart();
  schedule_tick();
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
  const auto some_time = [this] {
    return world_.rng.between(std::chrono::microseconds(10), std::chrono::milliseconds(2));
  };
  post(some_time(), [this, some_time, held = std::move(read)] {
    auto result = disk_.read(held.query);
    post(some_time(), [this, id = held.id, read_result = std::move(result)]() mutable {
      run([&](worker::Machine& machine, worker::Effects& effects) {
        machine.on_read(now(), id, std::move(read_result), effects);
      });
    });
  });
}

void WorkerProcess::plant(schema::Message& message) {
  if (world_.options.plant != Plant::store_refused) return;
  if (message.envelope.kind != schema::MessageKind::append_reply || !world_.rng.one_in(20)) return;
  message.envelope.kind = schema::MessageKind::error;
  message.body = schema::encode(schema::ErrorReply{{ErrorCode::wrong_mode, "planted"}});
}

}  // namespace kipu::sim
