// What the hot path is made of, one function at a time.
#include <vector>

#include <benchmark/benchmark.h>

#include "base/entry.h"
#include "cluster/map.h"
#include "cluster/planner.h"
#include "schema/codec.h"

namespace kipu {
namespace {

Entry sample(std::uint64_t number) {
  return make_entry("default", "device-00000042", Stamp{StampTime(number), 1}, EntryKind::append,
                    {std::string(100, 'v')});
}

schema::AppendRequest sample_request(std::int64_t entries) {
  schema::AppendRequest request;
  for (std::int64_t i = 0; i < entries; ++i) {
    request.entries.push_back(sample(static_cast<std::uint64_t>(i)));
  }
  return request;
}

void digest(benchmark::State& state) {
  const Entry entry = sample(1);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(digest_of(entry));
}
BENCHMARK(digest);

void partition(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(cluster::partition_of("default", "device-00000042", 1024));
  }
}
BENCHMARK(partition);

void encode_appends(benchmark::State& state) {
  const schema::AppendRequest request = sample_request(state.range(0));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(schema::encode(request));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_appends)->Arg(1)->Arg(64)->Arg(4096);

void decode_appends(benchmark::State& state) {
  const Buffer bytes = schema::encode(sample_request(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(schema::decode<schema::AppendRequest>(bytes.view()));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_appends)->Arg(1)->Arg(64)->Arg(4096);

void plan(benchmark::State& state) {
  std::vector<schema::Worker> workers;
  for (std::uint32_t i = 1; i <= state.range(0); ++i) {
    schema::Worker worker;
    worker.id = WorkerId{i};
    worker.store = StoreId{Uuid{i, i}};
    workers.push_back(worker);
  }
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(cluster::plan(workers, 1, 1024));
}
BENCHMARK(plan)->Arg(3)->Arg(100);

}  // namespace
}  // namespace kipu

BENCHMARK_MAIN();
