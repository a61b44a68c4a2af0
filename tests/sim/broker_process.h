// The broker as a simulated process: its machine, on the simulated network.
#pragma once

#include <memory>

#include "broker/machine.h"
#include "tests/sim/network.h"

namespace kipu::sim {

class BrokerProcess final : public Hub {
 public:
  BrokerProcess(World& world, Network& network, broker::Config config);

  void receive(const PeerId& from, bool from_worker, schema::Message message) override;
  // While it is up: whether it remembers no request any more.
  bool idle() const { return machine_->idle(); }

 private:
  void on_start() override;
  void on_crash() override;
  void tick() override;
  Instant next_tick() const override { return machine_->next_tick(); }

  void carry_out(broker::Effects effects);
  void send(broker::Outgoing outgoing);
  void plant(schema::Message& message);

  Network& network_;
  const broker::Config config_;
  std::unique_ptr<broker::Machine> machine_;
};

}  // namespace kipu::sim
