#include "tests/sim/options.h"

#include <algorithm>
#include <initializer_list>

#include "base/limits.h"
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
  for (std::size_t i = 0; i < kFaults; ++i) faults.on[i] = !rng.one_in(3);
  // So that no seed is without any.
  faults.on[index_of(rng.one_in(2) ? Fault::crash_worker : Fault::reconnect)] = true;
  return faults;
}

StreamOptions draw_streams(Rng& rng) {
  StreamOptions streams;
  streams.high_water = one_of(rng, {1U, 3U, 1000U});
  streams.dropped = one_of(rng, {0U, 0U, 100U, 2000U});
  streams.lost_subscriptions = one_of(rng, {0U, 1000U, 5000U});
  streams.slowest_join = one_of<Duration>(rng, {Duration::zero(), milliseconds(50), seconds(1)});
  return streams;
}

storage::LogLimits draw_log(Rng& rng) {
  storage::LogLimits log;
  log.records = one_of<std::uint64_t>(rng, {3, 20, 262'144});
  log.bytes = one_of<std::uint64_t>(rng, {1000, std::uint64_t{1} << 28U});
  return log;
}

void draw_replication(Rng& rng, worker::Config& worker) {
  worker.beacon = one_of<Duration>(rng, {milliseconds(50), milliseconds(250), seconds(1)});
  worker.hedge = one_of<Duration>(rng, {milliseconds(2), milliseconds(30), milliseconds(100)});
  worker.stream_window_bytes = one_of<std::size_t>(rng, {1, 1000, std::size_t{8} << 20U});
  worker.fetch_bytes = one_of<std::uint32_t>(rng, {1, 300, limits::kMaxPageBytes});
  worker.max_incoming_bytes = one_of<std::size_t>(rng, {1, 5000, std::size_t{16} << 20U});
}

worker::Config draw_worker(Rng& rng) {
  worker::Config worker;
  worker.max_commit_bytes = one_of<std::size_t>(rng, {1, 300, 5000, 4U << 20U});
  worker.max_pending_bytes = one_of<std::size_t>(rng, {1000, 20'000, 16U << 20U});
  worker.max_reads = one_of<std::size_t>(rng, {1, 4, 256});
  worker.reads_at_once = one_of<std::size_t>(rng, {1, 2, 32});
  draw_replication(rng, worker);
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

// Where a log is trimmed before its reader has walked through all that is shared, it never catches
// up: retries must not come that often, nor walks be that long.
void soften_short_logs(Options& options) {
  if (options.replicas == 1 || (options.log.records > 1000 && options.log.bytes > 10'000)) return;
  options.client.attempt_timeout = seconds(1);
  options.broker.partitions = std::min(options.broker.partitions, 4U);
}

// A cluster with more replicas than most have.
void draw_many_replicas(Rng& rng, Options& options) {
  options.replicas = one_of(rng, {4U, 5U});
  options.workers = std::max(options.workers, options.replicas);
  options.broker.workers = options.workers;
  options.broker.replicas = options.replicas;
}

// Each read of a part takes longer than a second: they must be few, and none wait for another, at
// the broker either.
void draw_slow_reads(Rng& rng, Options& options) {
  const auto partition = static_cast<std::uint32_t>(rng.below(options.broker.partitions));
  options.disk.slow_partition = PartitionId{partition};
  options.disk.slow_read = one_of<Duration>(rng, {milliseconds(1200), milliseconds(2500)});
  options.broker.max_in_flight = std::max<std::size_t>(options.broker.max_in_flight, 1000);
  options.keys = std::min(options.keys, 10U);
  options.page_entries = 100;
  options.page_bytes = limits::kMaxPageBytes;
  options.worker.fetch_bytes = limits::kMaxPageBytes;
  options.worker.max_reads = 256;
  options.worker.reads_at_once = 32;
}

}  // namespace

std::uint32_t holders_of(Level level, std::uint32_t replicas) {
  switch (level) {
    case Level::none:
      return 0;
    case Level::one:
      return 1;
    case Level::all:
      return replicas;
    case Level::bucket_default:
    case Level::quorum:
      break;
  }
  return majority(replicas);
}

Bucket with_levels(Bucket bucket) {
  if (bucket.name.ends_with('1')) {
    bucket.write_level = Level::one;
    bucket.read_level = Level::all;
  } else if (bucket.name.ends_with('2')) {
    bucket.write_level = Level::all;
    bucket.read_level = Level::one;
  }
  return bucket;
}

Options draw_options(std::uint64_t seed, std::uint32_t most_replicas) {
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
  options.most_drift = one_of<std::int64_t>(rng, {0, 100, 10'000});
  options.streams = draw_streams(rng);
  options.log = draw_log(rng);
  const auto drawn = static_cast<std::uint32_t>(1 + rng.below(3));
  options.replicas = std::min({drawn, options.workers, most_replicas});
  options.broker.replicas = options.replicas;
  soften_short_logs(options);
  options.network.altered = one_of(rng, {0U, 0U, 20U, 200U});
  options.disk.revived = one_of(rng, {0U, 3000U, 10'000U});
  if (most_replicas >= kMostReplicas && rng.one_in(5)) draw_many_replicas(rng, options);
  if (rng.one_in(8)) draw_slow_reads(rng, options);
  soften_short_logs(options);
  return options;
}

Options without_faults(Options options, std::uint32_t replicas) {
  options.workers = std::max(options.workers, replicas);
  options.replicas = replicas;
  options.broker.workers = options.workers;
  options.broker.replicas = replicas;
  options.faults.on.reset();
  NetworkOptions& network = options.network;
  network.lost = network.duplicated = network.slow = network.refused = network.strayed = 0;
  network.altered = options.disk.revived = 0;
  options.disk.slow_partition.reset();
  options.streams = StreamOptions{};
  options.most_drift = 0;
  soften_short_logs(options);
  return options;
}

}  // namespace kipu::sim
