#include "tests/sim/nemesis.h"

#include <utility>

namespace kipu::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<Peer*> Cluster::peers() const {
  std::vector<Peer*> peers;
  for (const auto& worker : workers) peers.push_back(worker.get());
  for (const auto& client : clients) peers.push_back(client.get());
  return peers;
}

std::vector<Process*> Cluster::all() const {
  std::vector<Process*> processes{broker.get()};
  for (Peer* peer : peers()) processes.push_back(peer);
  return processes;
}

Nemesis::Nemesis(World& world, Network& network, Cluster& cluster)
    : world_(world), network_(network), cluster_(cluster), rng_(world.rng.next()) {
  const FaultOptions& on = world.options.faults;
  add(on.crash_worker, "crash of a worker", [this] { crash_worker(); });
  add(on.stop_worker, "stop of a worker", [this] { stop_worker(); });
  add(on.crash_broker, "crash of the broker", [this] { crash(*cluster_.broker); });
  add(on.crash_client, "crash of a client", [this] { crash_client(); });
  add(on.pause, "pause", [this] { pause(); });
  add(on.jump_clock, "jump of a clock", [this] { jump_clock(); });
  add(on.cut, "cut", [this] { cut(); });
  add(on.reconnect, "new connection", [this] { reconnect(); });
  add(on.stall_disk, "stall of a disk", [this] { a_worker().disk().stall(some_time()); });
  add(on.fail_disk, "failure of a disk", [this] { a_worker().disk().fail_next_write(); });
  add(on.fill_disk, "full disk", [this] { fill_disk(); });
}

void Nemesis::add(bool enabled, const char* name, std::function<void()> fault) {
  if (enabled) faults_.push_back({name, std::move(fault)});
}

void Nemesis::after_a_gap() {
  if (faults_.empty()) return;
  const Duration gap = rng_.between(Duration::zero(), world_.options.faults.mean_gap * 2);
  world_.scheduler.after(gap, [this] {
    if (healed_) return;
    strike();
    after_a_gap();
  });
}

void Nemesis::strike() {
  const Fault& fault = faults_[rng_.below(faults_.size())];
  world_.note("nemesis", fault.name);
  ++world_.totals.faults;
  fault.strike();
}

Duration Nemesis::some_time() {
  return rng_.one_in(8) ? rng_.between(seconds(1), seconds(3))
                        : rng_.between(milliseconds(20), milliseconds(400));
}

WorkerProcess& Nemesis::a_worker() {
  return *cluster_.workers[rng_.below(cluster_.workers.size())];
}

void Nemesis::crash_worker() {
  crash(a_worker());
}

void Nemesis::stop_worker() {
  WorkerProcess& worker = a_worker();
  if (!worker.up() || worker.paused()) return;
  worker.stop_gently();
}

void Nemesis::crash_client() {
  crash(*cluster_.clients[rng_.below(cluster_.clients.size())]);
}

void Nemesis::crash(Process& process) {
  if (!process.up()) return;
  ++world_.totals.crashes;
  process.crash();
  world_.scheduler.after(some_time(), [&process] {
    if (!process.up()) process.start();
  });
}

void Nemesis::pause() {
  const auto processes = cluster_.all();
  processes[rng_.below(processes.size())]->pause(some_time());
}

void Nemesis::jump_clock() {
  const auto processes = cluster_.all();
  processes[rng_.below(processes.size())]->set_clock_off(rng_.between(-seconds(15), seconds(15)));
}

void Nemesis::cut() {
  const auto peers = cluster_.peers();
  const std::uint64_t ways = 1 + rng_.below(3);
  network_.cut(*peers[rng_.below(peers.size())], (ways & 1U) != 0, (ways & 2U) != 0, some_time());
}

void Nemesis::reconnect() {
  const auto peers = cluster_.peers();
  network_.reconnect(*peers[rng_.below(peers.size())]);
}

void Nemesis::fill_disk() {
  WorkerProcess& worker = a_worker();
  worker.disk().set_free_bytes(0);
  world_.scheduler.after(some_time(), [&worker] { worker.disk().make_room(); });
}

void Nemesis::heal() {
  healed_ = true;
  world_.note("nemesis", "heals");
  network_.heal();
  for (const auto& worker : cluster_.workers) worker->disk().make_room();
  for (Process* process : cluster_.all()) {
    process->set_clock_off(Duration::zero());
    if (!process->up()) process->start();
  }
}

}  // namespace kipu::sim
