#include "bench/kipu_appends.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bench/figures.h"

namespace kipu::bench {
namespace {

// Made before the clock runs, as those of raw_leveldb() are.
struct Record {
  std::string key;
  Values values;
};

std::vector<Record> make_records() {
  constexpr std::uint64_t kRecords = 65'536;
  std::vector<Record> records;
  records.reserve(kRecords);
  for (std::uint64_t number = 0; number < kRecords; ++number) {
    records.push_back({record_key(number), Values{record_value(number)}});
  }
  return records;
}

}  // namespace

Result<BatchedAppends> batched_appends(Client& client, Duration length) {
  std::mutex mutex;
  std::optional<Error> first_error;  // guarded by mutex
  std::atomic<std::uint64_t> acknowledged = 0;
  std::uint64_t sent = 0;
  const std::vector<Record> records = make_records();
  const Duration begun = clock();
  while (clock() - begun < length) {
    for (int i = 0; i < 64; ++i, ++sent) {
      const Record& record = records[sent % records.size()];
      client.append_async(record.key, record.values, {},
                          [&](const Result<Stamp>& stamp, std::optional<Stamp>) {
                            if (stamp) {
                              ++acknowledged;
                              return;
                            }
                            const std::lock_guard lock(mutex);
                            if (!first_error) first_error = stamp.error();
                          });
    }
  }
  client.flush();
  const Duration took = clock() - begun;
  const std::lock_guard lock(mutex);
  if (first_error) return fail(*first_error);
  return BatchedAppends{acknowledged, per_second(acknowledged, took)};
}

Result<double> single_appends(Client& client, Duration length) {
  Latencies latencies;
  const Duration end = clock() + length;
  for (std::uint64_t number = 0; clock() < end; ++number) {
    const Duration begun = clock();
    const Result<Stamp> stamp = client.append(record_key(number), record_value(number));
    if (!stamp) return fail(stamp.error());
    latencies.add(clock() - begun);
  }
  return latencies.percentile(0.5);
}

}  // namespace kipu::bench
