#include "tests/sim/nemesis.h"

#include <algorithm>

namespace kipu::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr std::uint64_t kStrikes = 0x9e3779b97f4a7c15U;  // tells their randomness from other
}  // namespace

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

Nemesis::Nemesis(World& world, Network& network, Paths& paths, Mesh& mesh, Cluster& cluster)
    : world_(world), network_(network), paths_(paths), mesh_(mesh), cluster_(cluster) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (world.options.faults.on[i]) kinds_.push_back(static_cast<Fault>(i));
  }
}

Duration Nemesis::Strike::some_time() {
  return rng.one_in(8) ? rng.between(seconds(1), seconds(3))
                       : rng.between(milliseconds(20), milliseconds(400));
}

void Nemesis::schedule_next() {
  if (kinds_.empty()) return;
  const std::uint32_t number = struck_++;
  Rng rng(world_.options.seed * kStrikes + 2 * std::uint64_t{number});
  world_.scheduler.after(rng.between(Duration::zero(), world_.options.faults.mean_gap * 2),
                         [this, number] {
                           if (healed_) return;
                           strike(number);
                           schedule_next();
                         });
}

void Nemesis::strike(std::uint32_t number) {
  Strike strike{Rng(world_.options.seed * kStrikes + 2 * std::uint64_t{number} + 1)};
  const Fault fault = kinds_[strike.rng.below(kinds_.size())];
  if (is_left_out(fault, number)) return;
  world_.trace.tell(world_.now(), "nemesis", fault_name(fault), number);
  ++world_.totals.faults;
  carry_out(fault, strike);
}

bool Nemesis::is_left_out(Fault fault, std::uint32_t number) const {
  const Omissions& without = world_.options.without;
  return without.kinds[index_of(fault)] || without.strikes.contains(number);
}

void Nemesis::carry_out(Fault fault, Strike& strike) {
  switch (fault) {
    case Fault::crash_worker:
      return crash(strike.one_of(cluster_.workers), strike.some_time());
    case Fault::stop_worker:
      return stop(strike.one_of(cluster_.workers));
    case Fault::crash_broker:
      return crash(*cluster_.broker, strike.some_time());
    case Fault::crash_client:
      return crash(strike.one_of(cluster_.clients), strike.some_time());
    case Fault::crash_all:
      return crash_all(strike);
    case Fault::pause:
      return any_process(strike).pause(strike.some_time());
    case Fault::jump_clock:
      return any_process(strike).set_clock_off(strike.rng.between(-seconds(15), seconds(15)));
    case Fault::cut:
      for (const auto& [from, to] : some_ways(strike)) paths_.cut(*from, *to, strike.some_time());
      return;
    case Fault::thin:
      for (const auto& [from, to] : some_ways(strike)) {
        paths_.thin(*from, *to, 5000, strike.some_time() * 2);
      }
      return;
    case Fault::clog:
      for (const auto& [from, to] : some_ways(strike)) paths_.clog(*from, *to, strike.some_time());
      return;
    case Fault::isolate: {
      const Duration length = strike.some_time() * 2;
      for (const auto& [from, to] : around(strike)) paths_.cut(*from, *to, length);
      return;
    }
    case Fault::reconnect:
      return reconnect(strike);
    case Fault::stall_disk:
      return strike.one_of(cluster_.workers).disk().stall(strike.some_time());
    case Fault::fail_disk:
      return strike.one_of(cluster_.workers).disk().fail_next_write();
    case Fault::fill_disk:
      return fill(strike.one_of(cluster_.workers), strike.some_time());
    case Fault::empty_disk:
      return lose_disk(strike, true);
    case Fault::roll_back_disk:
      return lose_disk(strike, false);
    case Fault::rot:
      return rot(strike);
  }
}

Process& Nemesis::any_process(Strike& strike) const {
  const auto processes = cluster_.all();
  return *processes[strike.rng.below(processes.size())];
}

// Between a worker or client and the broker, or between two workers.
Nemesis::Ways Nemesis::some_ways(Strike& strike) const {
  const auto peers = cluster_.peers();
  Process* one = peers[strike.rng.below(peers.size())];
  Process* other = cluster_.broker.get();
  const bool is_worker = one->number() <= cluster_.workers.back()->number();
  WorkerProcess& worker = strike.one_of(cluster_.workers);
  if (is_worker && &worker != one && strike.rng.one_in(2)) other = &worker;
  const std::uint64_t ways = 1 + strike.rng.below(3);
  Ways some;
  if ((ways & 1U) != 0) some.emplace_back(one, other);
  if ((ways & 2U) != 0) some.emplace_back(other, one);
  return some;
}

Nemesis::Ways Nemesis::around(Strike& strike) const {
  WorkerProcess& worker = strike.one_of(cluster_.workers);
  const std::uint64_t ways = 1 + strike.rng.below(3);
  std::vector<Process*> others;
  for (const auto& other : cluster_.workers) {
    if (other.get() != &worker) others.push_back(other.get());
  }
  if (strike.rng.one_in(2)) others.push_back(cluster_.broker.get());
  Ways all;
  for (Process* other : others) {
    if ((ways & 1U) != 0) all.emplace_back(&worker, other);
    if ((ways & 2U) != 0) all.emplace_back(other, &worker);
  }
  return all;
}

void Nemesis::crash(Process& process, Duration length) {
  if (!process.up()) return;
  ++world_.totals.crashes;
  process.crash();
  world_.scheduler.after(length, [&process] {
    if (!process.up()) process.start();
  });
}

void Nemesis::crash_all(Strike& strike) {
  const Duration length = strike.some_time();
  for (const auto& worker : cluster_.workers) crash(*worker, length);
  if (strike.rng.one_in(2)) crash(*cluster_.broker, length);
}

void Nemesis::stop(WorkerProcess& worker) {
  if (worker.up() && !worker.paused()) worker.stop_gently();
}

void Nemesis::fill(WorkerProcess& worker, Duration length) {
  worker.disk().set_free_bytes(0);
  world_.scheduler.after(length, [&worker] { worker.disk().make_room(); });
}

void Nemesis::lose_disk(Strike& strike, bool emptied) {
  WorkerProcess& worker = strike.one_of(cluster_.workers);
  const Duration length = strike.some_time();
  if (world_.options.replicas == 1 || !all_have_all()) return;
  if (!worker.disk().may_be_lost(emptied)) return;
  world_.lost_disk_at = world_.now();
  crash(worker, length);
  world_.trace.tell(world_.now(), worker.name(), emptied ? "its disk is empty" : "its disk is old");
  worker.disk().lose(emptied);
  // A copy from before then names runs of this store that only it still knows of.
  for (const auto& other : cluster_.workers) other->disk().forget_copy();
  ++world_.totals.lost_disks;
  world_.marks.hit(emptied ? Mark::disk_emptied : Mark::disk_rolled_back);
  if (strike.rng.one_in(2)) keep_apart(worker, strike, length);
}

// Of one disk at a time: what another has of it can still be read.
void Nemesis::rot(Strike& strike) {
  WorkerProcess& worker = strike.one_of(cluster_.workers);
  const auto partition =
      static_cast<std::uint32_t>(strike.rng.below(world_.options.broker.partitions));
  const Duration length = strike.some_time() * 4;
  const auto is_rotten = [](const auto& other) { return other->disk().is_rotten(); };
  if (world_.options.replicas == 1 || std::ranges::any_of(cluster_.workers, is_rotten)) return;
  worker.disk().rot(PartitionId{partition});
  world_.scheduler.after(length, [&worker] { worker.disk().mend(); });
}

// Whoever could say what was lost is not heard for a while, or does not hear who lost it: neither
// does that one learn of it, nor do others get what only the two of them had.
void Nemesis::keep_apart(WorkerProcess& loser, Strike& strike, Duration down) {
  WorkerProcess& witness = strike.one_of(cluster_.workers);
  const Duration length = down + strike.rng.between(milliseconds(100), seconds(1));
  const bool is_heard = strike.rng.one_in(2);
  for (const auto& other : cluster_.workers) {
    if (other.get() == &witness) continue;
    const bool hears = other.get() == &loser && is_heard;
    if (!hears) paths_.cut(witness, *other, length);
    if (hears) paths_.cut(loser, witness, length);
  }
}

// And had it some time ago: by now all have told one another where they stand.
bool Nemesis::all_have_all() {
  const auto bears = [](const auto& worker) { return worker->disk().has_all_it_had(); };
  if (!std::all_of(cluster_.workers.begin(), cluster_.workers.end(), bears)) return false;
  return world_.settled();
}

void Nemesis::reconnect(Strike& strike) {
  const auto peers = cluster_.peers();
  Peer* one = peers[strike.rng.below(peers.size())];
  WorkerProcess& worker = strike.one_of(cluster_.workers);
  const bool is_worker = one->number() <= cluster_.workers.back()->number();
  if (is_worker && &worker != one && strike.rng.one_in(2)) return mesh_.reconnect(*one, worker);
  network_.reconnect(*one);
}

void Nemesis::heal() {
  healed_ = true;
  world_.trace.tell(world_.now(), "nemesis", "heals");
  paths_.heal();
  mesh_.heal();
  for (const auto& worker : cluster_.workers) {
    worker->disk().make_room();
    worker->disk().mend();
  }
  for (Process* process : cluster_.all()) {
    process->set_clock_off(Duration::zero());
    if (!process->up()) process->start();
  }
}

}  // namespace kipu::sim
