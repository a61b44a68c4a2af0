// Rounds of faults against three workers of which each has a replica of everything, while writers
// append at level quorum; then whether what they were told is what is stored, on each replica.
//
// A round's window begins with the fault. It lasts until every lane of every writer has gone on,
// and so many appends again have been acknowledged after that; only then is what failed brought
// back, except for the broker and writers, which are replaced at once. The gap is the longest time
// that any lane went without an acknowledgement, the fault within it or before it.
//
// Thread rule: the main thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "tests/process/faults/cluster.h"
#include "tests/process/replication/journal.h"
#include "tests/process/replication/network.h"

namespace kipu::test {

// Longer than the patience of other tests: on a loaded machine many processes start and catch up.
inline constexpr std::chrono::seconds kLongPatience{60};

// Journals are files: looked at less often than what test processes say.
template <class Condition>
bool before_long(Condition holds) {
  return eventually(holds, kLongPatience, std::chrono::milliseconds(20));
}

class Rounds {
 public:
  // How long appends took: the 99th percentile of all, that of the slowest lane, and the longest.
  // Each lane waits for its answers, so a slow one hardly shows among all.
  struct Latencies {
    std::size_t appends = 0;
    Micros all = 0;
    Micros slowest_lane = 0;
    Micros longest = 0;
  };

  // `network` may be null: all of it on the loopback, and nothing can be cut off.
  Rounds(const Network* network, std::uint64_t seed);

  // kill -9 of a process, in an order that is drawn: half of them workers, of which each
  // coordinates some of what is written, a quarter the broker, and a quarter writers.
  void kill_many(std::size_t times);
  void kill_worker();
  void kill_broker();
  void kill_writer();
  // SIGSTOP of a worker for so long.
  void stop_worker(Duration length);
  // REQUIRES: there is a network.
  void cut_worker(Cut which, Duration length);

  // How long appends take from 2 s after a worker was stopped, or its disk became slow, beside how
  // long they took before. `length`: of the fault at least, and of the time before it.
  void compare_stopped(Duration length);
  void compare_slow_disk(Duration length);

  // Stops the writers, waits until all replicas hold the same, and compares that with the journals.
  // Prints what the rounds were like. Returns how many appends were acknowledged in all.
  std::size_t finish();

 private:
  static constexpr std::size_t kWorkers = 3;
  static constexpr std::size_t kWriters = 8;
  static constexpr std::uint32_t kLanes = 8;
  static constexpr std::size_t kWithinAWindow = 500;

  struct Writer {
    std::unique_ptr<Process> process;
    std::unique_ptr<Journal> journal;
    std::size_t mark = 0;  // lines before the fault
  };
  struct Gap {
    Micros length = 0;
    Micros end = 0;
  };
  struct Report {
    std::string kind;
    Micros gap = 0;
    Micros window = 0;
    std::size_t acknowledged = 0;  // within the window, after the gap
    std::size_t errors = 0;
  };

  struct Comparison {
    std::string kind;
    Latencies healthy;
    Latencies meanwhile;
  };

  void start_writer(std::size_t slot);
  void read_journals();
  Micros begin();
  void observe(const std::string& kind, Micros from, Micros at_least);
  bool wait_until_all_go_on(Micros from);
  bool goes_on(const Writer& writer, Micros from) const;
  Gap longest_gap(Micros from) const;
  std::size_t acknowledged_since(Micros at) const;
  void wait_until_well();

  Latencies measure_healthy(Duration length);
  void compare(const std::string& kind, const Latencies& healthy, Micros from, Duration length);
  Latencies latencies(Micros from, Micros until) const;
  void print_comparison(const std::string& kind) const;

  void stop_writers();
  void expect_equal_replicas(Client& client);
  void expect_what_was_told(Client& client);
  std::size_t total_acknowledged() const;
  void print(const std::string& kind) const;

  Rng rng_;
  const Network* network_;
  const TempDirectory directory_;
  Cluster cluster_;
  Client client_;
  std::vector<Writer> writers_;
  std::vector<std::unique_ptr<Journal>> former_;  // of writers that were killed
  std::size_t started_ = 0;
  std::vector<Report> reports_;
  std::vector<Comparison> comparisons_;
};

}  // namespace kipu::test
