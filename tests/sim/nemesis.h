// What goes wrong in a run: one fault after another, of the kinds that the run's options name. Each
// strike is drawn from the seed and its own number alone, so that leaving one out changes no other.
//
// Disks are lost (emptied, rolled back) only where what was acknowledged by a quorum can bear it:
// fewer than a majority at a time, and the next only once every store holds again what it had.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/broker_process.h"
#include "tests/sim/client_process.h"
#include "tests/sim/mesh.h"
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
  Nemesis(World& world, Network& network, Paths& paths, Mesh& mesh, Cluster& cluster);

  void begin() { schedule_next(); }
  // Ends every fault, and starts what is down.
  void heal();
  std::uint32_t strikes() const { return struck_; }

 private:
  // What one strike needs: its own randomness.
  struct Strike {
    Rng rng;
    Duration some_time();
    template <class T>
    T& one_of(const std::vector<std::unique_ptr<T>>& all) {
      return *all[rng.below(all.size())];
    }
  };
  using Ways = std::vector<std::pair<Process*, Process*>>;

  void schedule_next();
  void strike(std::uint32_t number);
  void carry_out(Fault fault, Strike& strike);
  bool is_left_out(Fault fault, std::uint32_t number) const;

  void crash(Process& process, Duration length);
  void crash_all(Strike& strike);
  void stop(WorkerProcess& worker);
  void fill(WorkerProcess& worker, Duration length);
  void lose_disk(Strike& strike, bool emptied);
  void rot(Strike& strike);
  void keep_apart(WorkerProcess& loser, Strike& strike, Duration down);
  bool all_have_all();
  void reconnect(Strike& strike);
  Ways some_ways(Strike& strike) const;
  Ways around(Strike& strike) const;
  Process& any_process(Strike& strike) const;

  World& world_;
  Network& network_;
  Paths& paths_;
  Mesh& mesh_;
  Cluster& cluster_;
  std::vector<Fault> kinds_;
  std::uint32_t struck_ = 0;
  bool healed_ = false;
};

}  // namespace kipu::sim
