#include "tests/sim/options.h"

#include <initializer_list>

#include "base/random.h"

namespace kipu::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
T one_of(Rng& rng, std::initializer_list<T> choices) {
  return choices.begin()[rng.below(choices.size())];
}

NetworkOptions draw_network(Rng& rng) {
  NetworkOptions network;
  network.most_delay = one_of<Duration>(rng, {milliseconds(1), milliseconds(5), milliseconds(20)});
  network.lost = one_of(rng, {0U, 0U, 50U, 300U});
  network.duplicated = one_of(rng, {0U, 0U, 50U, 300U});
  network.slow = one_of(rng, {0U, 100U, 500U});
  network.slowest = one_of<Duration>(rng, {milliseconds(100), milliseconds(1500), seconds(4)});
  network.refused = one_of(rng, {0U, 0U, 100U});
  return network;
}

FaultOptions draw_faults(Rng& rng) {
  FaultOptions faults;
  faults.mean_gap = one_of<Duration>(rng, {milliseconds(300), seconds(1), seconds(2)});
  for (bool* on : {&faults.crash_worker, &faults.stop_worker, &faults.crash_broker,
                   &faults.crash_client, &faults.pause, &faults.jump_clock, &faults.cut,
                   &faults.reconnect, &faults.stall_disk, &faults.fail_disk, &faults.fill_disk}) {
    *on = !rng.one_in(3);
  }
  // So that no seed is without any.
  if (rng.one_in(2)) {
    faults.crash_worker = true;
  } else {
    faults.reconnect = true;
  }
  return faults;
}

worker::Config draw_worker(Rng& rng) {
  worker::Config worker;
  worker.max_commit_bytes = one_of<std::size_t>(rng, {1, 300, 5000, 4U << 20U});
  worker.max_pending_bytes = one_of<std::size_t>(rng, {1000, 20'000, 16U << 20U});
  worker.max_reads = one_of<std::size_t>(rng, {1, 4, 256});
  worker.reads_at_once = one_of<std::size_t>(rng, {1, 2, 32});
  return worker;
}

client::Config draw_client(Rng& rng) {
  client::Config client;
  client.linger = one_of<Duration>(rng, {Duration::zero(), milliseconds(1), milliseconds(20)});
  client.batch_bytes = one_of<std::size_t>(rng, {1, 500, 256U << 10U});
  client.batch_entries = one_of(rng, {1U, 3U, 8192U});
  client.batches_in_flight = one_of(rng, {1U, 2U, 4U});
  client.attempt_timeout =
      one_of<Duration>(rng, {milliseconds(50), milliseconds(300), milliseconds(1000)});
  return client;
}

}  // namespace

Options draw_options(std::uint64_t seed) {
  Rng rng(seed);
  Options options;
  options.seed = seed;
  options.workers = one_of(rng, {1U, 2U, 3U, 3U, 5U});
  options.clients = one_of(rng, {1U, 2U, 3U});
  options.calls = one_of(rng, {500U, 600U, 700U});
  options.calls_at_once = one_of(rng, {1U, 4U, 16U});
  options.keys = one_of(rng, {2U, 10U, 40U});
  options.page_entries = one_of(rng, {1U, 2U, 7U, 100U});
  options.page_bytes = one_of(rng, {1U, 300U, 1024U * 1024});
  options.value_bytes = one_of<std::size_t>(rng, {20, 100, 2000});
  options.network = draw_network(rng);
  options.disk.most_delay = one_of<Duration>(rng, {milliseconds(1), milliseconds(10)});
  options.faults = draw_faults(rng);
  options.broker.workers = options.workers;
  options.broker.partitions = one_of(rng, {1U, 4U, 16U, 64U});
  options.broker.max_in_flight = one_of<std::size_t>(rng, {2, 20, 65'536});
  options.worker = draw_worker(rng);
  options.client = draw_client(rng);
  options.network.strayed = one_of(rng, {0U, 50U, 300U});
  return options;
}

}  // namespace kipu::sim
