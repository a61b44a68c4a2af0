// What goes wrong in a run: one fault after another, of the kinds that the run's options name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/broker_process.h"
#include "tests/sim/client_process.h"
#include "tests/sim/worker_process.h"

namespace kipu::sim {

// The processes of a run.
struct Cluster {
  std::unique_ptr<BrokerProcess> broker;
  std::vector<std::unique_ptr<WorkerProcess>> workers;
  std::vector<std::unique_ptr<ClientProcess>> clients;

  std::vector<Process*> all() const;
  std::vector<Peer*> peers() const;
};

class Nemesis {
 public:
  Nemesis(World& world, Network& network, Cluster& cluster);

  void begin() { after_a_gap(); }
  // Ends every fault, and starts what is down.
  void heal();

 private:
  void after_a_gap();
  void strike();
  void add(bool enabled, const char* name, std::function<void()> fault);

  void crash(Process& process);
  void pause();
  void jump_clock();
  void cut();
  void reconnect();
  void crash_worker();
  void stop_worker();
  void crash_client();
  void fill_disk();
  WorkerProcess& a_worker();
  Duration some_time();

  struct Fault {
    std::string name;
    std::function<void()> strike;
  };

  World& world_;
  Network& network_;
  Cluster& cluster_;
  Rng rng_;
  std::vector<Fault> faults_;
  bool healed_ = false;
};

}  // namespace kipu::sim
