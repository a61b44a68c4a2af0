#include "tests/sim/simulation.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "cluster/map.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/workload.h"

namespace kipu::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// By then faults must have let all calls through, and by then after their end all must be well.
constexpr Duration kLongestFaults = minutes(60);
constexpr Duration kLongestRecovery = minutes(2);
constexpr Duration kLongestConvergence = minutes(1);
constexpr Duration kLook = std::chrono::milliseconds(250);

// What a configuration may be asked to keep to.
Bounds bounds_of(const Options& options) {
  const worker::Config& worker = options.worker;
  Bounds bounds;
  // What others ask for has a queue of its own; streams and reconciliation read, too.
  const std::size_t queues = options.replicas > 1 ? 2 : 1;
  bounds.reads = worker.reads_at_once * queues + options.replicas * 2;
  bounds.commit_bytes = worker.max_commit_bytes;
  bounds.pending_bytes = worker.max_pending_bytes;
  bounds.window_bytes = worker.stream_window_bytes;
  if (options.replicas > 1) bounds.commit_bytes += worker.max_incoming_bytes;
  return bounds;
}

// A message that comes twice may be stored after its first copy was refused, as may one that comes
// to another replica as well.
bool refusals_are_final(const Options& options) {
  return options.network.duplicated == 0 && (options.replicas == 1 || options.network.strayed == 0);
}

class Run {
 public:
  Run(const Options& options, Print print)
      : world_(options, print),
        paths_(world_),
        network_(world_, paths_),
        mesh_(world_, paths_),
        shared_(world_, refusals_are_final(options)),
        streams_(world_.verdict),
        bounds_(world_.verdict, bounds_of(options)),
        leases_(world_.verdict, options.worker.lease),
        admission_(world_.verdict) {
    build();
    nemesis_.emplace(world_, network_, paths_, mesh_, cluster_);
  }

  Report report() {
    start_all();
    nemesis_->begin();
    run_until_idle(kLongestFaults, "the calls do not end");
    shared_.faults_ended = true;
    nemesis_->heal();
    verify();
    return {world_.options.seed, world_.trace.hash(),   world_.scheduler.steps(),
            world_.now(),        nemesis_->strikes(),   world_.totals,
            world_.marks,        world_.verdict.first()};
  }

 private:
  void build() {
    const Options& options = world_.options;
    broker::Config broker = options.broker;
    broker.cluster = ClusterId{Uuid::random(world_.rng)};
    broker.workers = options.workers;
    cluster_.broker = std::make_unique<BrokerProcess>(world_, network_, broker);
    network_.set_hub(*cluster_.broker);
    const Checkers checkers{shared_.model, streams_, bounds_, leases_, admission_, places_};
    for (std::uint32_t i = 0; i < options.workers; ++i) {
      cluster_.workers.push_back(
          std::make_unique<WorkerProcess>(world_, network_, mesh_, checkers, i));
      network_.add(*cluster_.workers.back(), true);
    }
    if (options.replicas > 1) watch_streams();
    for (std::uint32_t i = 0; i < options.clients; ++i) {
      cluster_.clients.push_back(std::make_unique<ClientProcess>(world_, network_, admission_,
                                                                 fmt::format("client{}", i + 1)));
      network_.add(*cluster_.clients.back(), false);
      programs_.push_back(std::make_unique<Program>(world_, shared_, *cluster_.clients.back()));
    }
  }

  void watch_streams() {
    streams_.set_place(
        [this](StoreId store, const Entry& entry) { return places_.is_for(store, entry); },
        [this](StoreId store, const Entry& entry) {
          const auto disk = places_.disk_of(store);
          return disk && shared_.model.holds(entry, *disk);
        });
  }

  // Clocks gain or lose, each as much as the seed says.
  void draw_drifts() {
    const std::int64_t most = world_.options.most_drift;
    for (Process* process : cluster_.all()) {
      const auto drawn = world_.rng.below(static_cast<std::uint64_t>(2 * most) + 1);
      process->set_drift(static_cast<std::int64_t>(drawn) - most);
    }
  }

  void start_all() {
    draw_drifts();
    for (Process* process : cluster_.all()) {
      world_.scheduler.after(world_.rng.between(Duration::zero(), seconds(1)), [process] {
        if (!process->up()) process->start();
      });
    }
  }

  void run_until_idle(Duration longest, const char* otherwise) {
    const Duration end = world_.now() + longest;
    const auto done = [this] { return shared_.calls_left == 0 && shared_.busy == 0; };
    while (!done() && !world_.verdict.failed()) {
      if (world_.now() > end || !world_.scheduler.step()) {
        world_.verdict.fail("I6", otherwise);
      }
    }
  }

  // Goes on until what was paused goes on, then reads everything back.
  void verify() {
    if (world_.verdict.failed()) return;
    const auto runs = [](const Process* process) { return process->up() && !process->paused(); };
    const auto all = cluster_.all();
    while (!std::all_of(all.begin(), all.end(), runs)) world_.scheduler.step();
    converge();
    for (const auto& program : programs_) program->verify();
    run_until_idle(kLongestRecovery * world_.options.slowness(),
                   "the cluster does not recover once faults have ended");
    // What programs wrote to see whether all is well may still be on its way.
    converge();
    forget();
    if (!world_.verdict.failed()) check_disks();
  }

  // Once nobody asks for anything, nothing of what was asked is remembered.
  void forget() {
    const Duration end = world_.now() + kLongestConvergence * world_.options.slowness();
    while (!world_.verdict.failed()) {
      const std::string busy = who_remembers();
      if (busy.empty()) return;
      if (world_.now() > end) return world_.verdict.fail("I7", busy + " remembers what has ended");
      run_until_next_look();
    }
  }

  std::string who_remembers() const {
    if (!cluster_.broker->idle()) return cluster_.broker->name();
    for (const auto& worker : cluster_.workers) {
      if (!worker->idle()) return worker->name();
    }
    return {};
  }

  // Replicas come to hold the same by themselves: nobody reads or writes meanwhile.
  void converge() {
    const Duration end = world_.now() + kLongestConvergence * world_.options.slowness();
    while (!world_.verdict.failed()) {
      const auto differs = what_differs();
      if (!differs) return shared_.model.on_converged();
      if (world_.now() > end) return world_.verdict.fail("I5", *differs);
      run_until_next_look();
    }
  }

  void run_until_next_look() {
    const Duration next = world_.now() + kLook;
    while (world_.now() < next && world_.scheduler.step()) {
    }
  }

  std::optional<std::string> what_differs() const {
    std::string not_whole;
    for (const auto& worker : cluster_.workers) not_whole += what_it_lacks(*worker);
    if (world_.options.replicas > 1 && !not_whole.empty()) return not_whole;
    return shared_.model.first_that_differs(
        [this](const Entry& entry) { return places_.disks_for(entry); },
        [this](const Entry& entry) {
          return world_.options.replicas == 1 || streams_.is_logged(entry);
        });
  }

  static std::string what_it_lacks(const WorkerProcess& worker) {
    const storage::Wholeness& whole = worker.disk().info().whole;
    if (whole.kind != storage::Wholeness::Kind::all_but) return worker.name() + " is not whole ";
    if (whole.missing.empty()) return {};
    std::string lacks = worker.name() + " is not whole for";
    for (const PartitionId partition : whole.missing) {
      lacks += fmt::format(" {}", partition.number);
    }
    return lacks + "; ";
  }

  void check_disks() {
    std::vector<std::vector<Entry>> disks;
    for (const auto& worker : cluster_.workers) disks.push_back(worker->disk().contents());
    shared_.model.check_disks(disks);
  }

  World world_;
  Paths paths_;
  Network network_;
  Mesh mesh_;
  Shared shared_;
  Places places_;
  StreamModel streams_;
  BoundsModel bounds_;
  LeaseModel leases_;
  AdmissionModel admission_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::optional<Nemesis> nemesis_;
};

}  // namespace

Report simulate(const Options& options, Print print) {
  return Run(options, print).report();
}

}  // namespace kipu::sim
