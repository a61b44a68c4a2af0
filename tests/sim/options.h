// What one run is made of: drawn from its seed, so that each seed has other sizes, other odd
// parameters and other faults.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "base/bucket.h"
#include "base/time.h"
#include "broker/machine.h"
#include "client/machine.h"
#include "storage/store.h"
#include "tests/sim/faults.h"
#include "worker/machine.h"

namespace kipu::sim {

// A fault planted in the code under test, to show that the checkers catch it.
enum class Plant : std::uint8_t {
  nothing,
  acknowledge_before_sync,  // a commit is reported as done before it is on the disk
  drop_commit,              // a commit is reported as done, and never is on the disk
  second_stamp,             // an entry is stored a second time, under another stamp
  alter_value,              // an entry is stored with another value, and a digest that fits
  shorten_page,             // a page loses its last entry, and says that it is complete
  read_before_sync,         // reads see a commit before it is on the disk
  swallow_completion,       // a call of a client never completes
  forget_bucket,            // a broker forgets a bucket that was created
  store_refused,            // an append is refused, and stored all the same
};

struct NetworkOptions {
  Duration least_delay = std::chrono::microseconds(50);
  Duration most_delay = std::chrono::microseconds(500);
  std::uint32_t lost = 0;        // of 10,000 messages
  std::uint32_t duplicated = 0;  // of 10,000 messages
  std::uint32_t slow = 0;        // of 10,000 messages: these take up to `slowest`
  Duration slowest = std::chrono::milliseconds(300);
  std::uint32_t refused = 0;  // of 10,000 sends: the transport takes nothing
  std::uint32_t strayed = 0;  // of 10,000 requests to a worker: another gets them, too
  std::uint32_t altered = 0;  // of 10,000 messages: an entry in it is not what was written
};

struct DiskOptions {
  Duration least_delay = std::chrono::microseconds(100);
  Duration most_delay = std::chrono::milliseconds(3);
  // Of 10,000 opens: records that were trimmed from the log are there again.
  std::uint32_t revived = 0;
  // What is read of this partition takes so long, at each worker.
  std::optional<PartitionId> slow_partition;
  Duration slow_read{0};
};

// Of the streams between workers, beside what befalls any message.
struct StreamOptions {
  std::uint32_t high_water = 1000;       // so many may wait at a subscriber
  std::uint32_t dropped = 0;             // of 10,000 messages
  std::uint32_t lost_subscriptions = 0;  // of 10,000
  Duration slowest_join{0};              // until a subscription is in
};

struct FaultOptions {
  Duration mean_gap = std::chrono::milliseconds(400);
  FaultSet on;
};

// What a run leaves out of what its seed says, to tell a failure in fewer words. What is left
// happens as it would have, as far as it does not depend on what is left out.
struct Omissions {
  FaultSet kinds;
  std::set<std::uint32_t> strikes;  // by number, from 0
  std::set<std::uint32_t> calls;    // likewise
};

struct Options {
  std::uint64_t seed = 0;
  std::uint32_t workers = 3;
  std::uint32_t replicas = 1;
  std::uint32_t clients = 2;
  std::uint32_t calls = 400;        // of all clients together, before faults stop
  std::uint32_t calls_at_once = 8;  // per client
  std::uint32_t keys = 10;          // per bucket
  std::uint32_t page_entries = 100;
  std::uint32_t page_bytes = 1024 * 1024;
  std::size_t value_bytes = 40;  // at most, of a usual value
  std::int64_t most_drift = 0;   // of clocks, in parts of a million
  NetworkOptions network;
  StreamOptions streams;
  DiskOptions disk;
  storage::LogLimits log;
  FaultOptions faults;
  broker::Config broker;
  worker::Config worker;
  client::Config client;
  Plant plant = Plant::nothing;
  Omissions without;

  // A log that is fetched commit by commit, and a broker that takes a few requests at once, make
  // everything take longer, and nothing else.
  std::int64_t slowness() const {
    const bool is_slow = worker.fetch_bytes < 1000 || broker.max_in_flight < 10;
    return is_slow || disk.slow_partition ? 2 : 1;
  }
};

// No seed has more replicas than this.
inline constexpr std::uint32_t kMostReplicas = 5;
[[nodiscard]] Options draw_options(std::uint64_t seed, std::uint32_t most_replicas = kMostReplicas);
// The same seed with nothing going wrong, and with so many replicas: no strikes, no messages lost,
// late or twice, clocks that agree. Its sizes and limits stay as odd as they were drawn.
[[nodiscard]] Options without_faults(Options options, std::uint32_t replicas);

// How many holders a level needs where there are so many replicas; 0 for `none`.
[[nodiscard]] std::uint32_t holders_of(Level level, std::uint32_t replicas);
// The levels of a bucket that a program creates, by its name, so that whoever creates it agrees.
[[nodiscard]] Bucket with_levels(Bucket bucket);
[[nodiscard]] constexpr std::uint32_t majority(std::uint32_t replicas) {
  return replicas / 2 + 1;
}

}  // namespace kipu::sim
