#include "bench/replicas.h"

#include <algorithm>
#include <thread>

#include <sys/resource.h>

#include "bench/cluster.h"
#include "bench/kipu_appends.h"

namespace kipu::bench {
namespace {

constexpr std::size_t kWorkers = 3;

Duration own_cpu_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto length = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return length(used.ru_utime) + length(used.ru_stime);
}

bool is_level(const ClusterStatus& status) {
  return std::all_of(status.workers.begin(), status.workers.end(), [](const WorkerStatus& worker) {
    return worker.liveness == Liveness::alive && worker.health.lags.empty();
  });
}

// As heartbeats say, of which each worker sends one more before that is believed.
void wait_until_level(Client& client) {
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  for (int checks = 0; !is_level(must(client.status())); ++checks) {
    if (checks > 600) give_up("a replica does not catch up");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

Cost cost_of(std::size_t replicas, const std::filesystem::path& programs,
             const std::filesystem::path& directory, Duration length) {
  Cost cost;
  {
    const Cluster cluster(programs, directory, kWorkers, replicas);
    Client client = cluster.connect();
    cost.one_at_a_time = must(single_appends(client, length));
    const Duration before = own_cpu_time() + cluster.cpu_time();
    const BatchedAppends appends = must(batched_appends(client, length));
    wait_until_level(client);
    const Duration used = own_cpu_time() + cluster.cpu_time() - before;
    cost.per_second = appends.per_second;
    cost.cpu_micros = std::chrono::duration<double, std::micro>(used).count() /
                      static_cast<double>(appends.acknowledged);
  }
  std::filesystem::remove_all(directory / "cluster");
  return cost;
}

}  // namespace kipu::bench
