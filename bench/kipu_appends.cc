#include "bench/kipu_appends.h"

#include <atomic>
#include <mutex>
#include <optional>

#include "bench/figures.h"

namespace kipu::bench {

Result<double> batched_appends(Client& client, Duration length) {
  std::mutex mutex;
  std::optional<Error> first_error;  // guarded by mutex
  std::atomic<std::uint64_t> acknowledged = 0;
  std::uint64_t sent = 0;
  const Duration begun = clock();
  while (clock() - begun < length) {
    for (int i = 0; i < 64; ++i, ++sent) {
      client.append_async(record_key(sent), {record_value(sent)}, {},
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
  return per_second(acknowledged, took);
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
