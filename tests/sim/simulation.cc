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

class Run {
 public:
  Run(const Options& options, bool print)
      : world_(options, print),
        network_(world_),
        // A message that comes twice may be stored after its first copy was refused.
        shared_(world_, options.network.duplicated == 0) {
    build();
    nemesis_.emplace(world_, network_, cluster_);
  }

  Report report() {
    start_all();
    nemesis_->begin();
    run_until_idle(kLongestFaults, "the calls do not end");
    shared_.faults_ended = true;
    nemesis_->heal();
    verify();
    return {world_.options.seed, world_.trace.hash(), world_.scheduler.steps(),
            world_.now(),        world_.totals,       world_.verdict.first()};
  }

 private:
  void build() {
    const Options& options = world_.options;
    broker::Config broker = options.broker;
    broker.cluster = ClusterId{Uuid::random(world_.rng)};
    broker.workers = options.workers;
    cluster_.broker = std::make_unique<BrokerProcess>(world_, network_, broker);
    network_.set_hub(*cluster_.broker);
    for (std::uint32_t i = 0; i < options.workers; ++i) {
      cluster_.workers.push_back(std::make_unique<WorkerProcess>(world_, network_, shared_.model,
                                                                 fmt::format("worker{}", i + 1)));
      network_.add(*cluster_.workers.back(), true);
    }
    for (std::uint32_t i = 0; i < options.clients; ++i) {
      cluster_.clients.push_back(
          std::make_unique<ClientProcess>(world_, network_, fmt::format("client{}", i + 1)));
      network_.add(*cluster_.clients.back(), false);
      programs_.push_back(std::make_unique<Program>(world_, shared_, *cluster_.clients.back()));
    }
  }

  void start_all() {
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
    for (const auto& program : programs_) program->verify();
    run_until_idle(kLongestRecovery, "the cluster does not recover once faults have ended");
    if (!world_.verdict.failed()) shared_.model.check_disks(everything_stored());
  }

  std::vector<Entry> everything_stored() {
    std::vector<Entry> entries;
    for (const auto& worker : cluster_.workers) {
      for (std::uint32_t number = 0; number < shared_.map->placement.size(); ++number) {
        for (const Bucket& bucket : shared_.map->buckets) {
          add_stored(worker->disk().store(), PartitionId{number}, bucket.name, entries);
        }
      }
    }
    return entries;
  }

  void add_stored(const storage::Store& store, PartitionId partition, const std::string& bucket,
                  std::vector<Entry>& entries) {
    ScanQuery query;
    query.partition = partition;
    query.bucket = bucket;
    for (bool complete = false; !complete;) {
      auto page = store.scan(query);
      if (!page) return world_.verdict.fail("I1", "a disk cannot be read");
      complete = page->complete || page->entries.empty();
      if (page->entries.empty()) break;
      check_place(store, partition, page->entries.back());
      query.after = ScanQuery::Position{page->entries.back().key, page->entries.back().id()};
      std::move(page->entries.begin(), page->entries.end(), std::back_inserter(entries));
    }
  }

  void check_place(const storage::Store& store, PartitionId partition, const Entry& entry) {
    const auto partitions = static_cast<std::uint32_t>(shared_.map->placement.size());
    const schema::Worker* worker = cluster::find_worker(*shared_.map, store.info().store);
    const bool here = worker != nullptr && cluster::is_replica(*shared_.map, partition, worker->id);
    if (!here || cluster::partition_of(entry.bucket, entry.key, partitions) != partition) {
      world_.verdict.fail("I1", "stored where nobody looks: " + describe(entry));
    }
  }

  World world_;
  Network network_;
  Shared shared_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::optional<Nemesis> nemesis_;
};

}  // namespace

Report simulate(const Options& options, bool print) {
  return Run(options, print).report();
}

}  // namespace kipu::sim
