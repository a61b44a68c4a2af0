// A worker as a simulated process: its machine, on the simulated network and a simulated disk.
#pragma once

#include <memory>

#include "tests/sim/disk.h"
#include "tests/sim/network.h"
#include "worker/machine.h"

namespace kipu::sim {

class WorkerProcess final : public Peer {
 public:
  WorkerProcess(World& world, Network& network, Model& model, std::string name);

  void receive(schema::Message message) override;
  // Ends once what is in flight has been answered, and starts again.
  void stop_gently();
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
  void end_and_restart();
  void begin_read(worker::Read read);
  void sample_disk();
  void plant(schema::Message& message);

  Network& network_;
  Disk disk_;
  std::unique_ptr<worker::Machine> machine_;
  bool stopping_ = false;
};

}  // namespace kipu::sim
