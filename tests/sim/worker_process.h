// A worker as a simulated process: its machine, on the simulated network and a simulated disk.
#pragma once

#include <map>
#include <memory>

#include "tests/sim/checkers/admission.h"
#include "tests/sim/checkers/bounds.h"
#include "tests/sim/checkers/leases.h"
#include "tests/sim/disk.h"
#include "tests/sim/mesh.h"
#include "tests/sim/network.h"
#include "tests/sim/places.h"
#include "worker/machine.h"

namespace kipu::sim {

// The checkers that workers tell what they do.
struct Checkers {
  Model& model;
  StreamModel& streams;
  BoundsModel& bounds;
  LeaseModel& leases;
  AdmissionModel& admission;
  Places& places;
};

class WorkerProcess final : public Peer {
 public:
  WorkerProcess(World& world, Network& network, Mesh& mesh, const Checkers& checkers,
                std::size_t number);

  void receive(schema::Message message) override;
  void receive_from_peer(schema::Message message) override;
  void receive_from_stream(schema::Message message) override;
  StoreId store() const override { return disk_.info().store; }
  // Ends once what is in flight has been answered, and starts again.
  void stop_gently();
  // While it is up: whether it remembers no request any more.
  bool idle() const { return machine_->idle(); }
  Disk& disk() { return disk_; }
  const Disk& disk() const { return disk_; }

 private:
  void on_start() override;
  void on_crash() override;
  void tick() override;
  Instant next_tick() const override { return machine_->next_tick(); }

  template <class Handle>
  void run(Handle handle) {
    worker::Effects effects;
    handle(*machine_, effects);
    carry_out(std::move(effects));
  }
  void carry_out(worker::Effects effects);
  void send(worker::Effects& effects);
  void write(worker::Effects& effects);
  void begin_commit(worker::Commit commit);
  void end_and_restart();
  void begin_read(worker::Read read);
  void sample_disk();
  void watch_told(const schema::Message& message);
  void watch_asked(const schema::Message& message);
  void watch_sent(StoreId to, const schema::Message& message);
  void watch_published(StoreId to, const schema::Message& message);
  void watch_beacon(StoreId to, const schema::Message& message);
  void watch_peer_read(const schema::Message& message);
  void watch_heard(const schema::Message& message);
  void watch_commit(const storage::Change& change);
  void plant(schema::Message& message);

  Network& network_;
  Mesh& mesh_;
  Checkers checkers_;
  worker::Config config_;
  Disk disk_;
  std::unique_ptr<worker::Machine> machine_;
  bool stopping_ = false;
  bool ticking_ = false;                   // in the timer's event
  bool queried_ = false;                   // in that of a client's read
  std::map<StoreId, Position> published_;  // the last, in this life
};

}  // namespace kipu::sim
