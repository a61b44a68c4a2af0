// Kipu beside what it is made of, in one run on one machine: raw LevelDB, raw ZeroMQ, Kipu
// embedded, Kipu through a broker; and three replicas beside one. Prints a table for appends in
// batches and one for one append at a time, each with Kipu's share, and what replicas cost. Quote
// the ratios: bare figures are worth only as much as the machine.
//
//   kipu_side_by_side [SECONDS [DIRECTORY [replicas]]]
//
// Everything is measured in rounds, one after the other within each, so that a machine whose speed
// drifts is the same to all; a row shows the median of the rounds, and a ratio is the median of the
// rounds' ratios. SECONDS (1) is the length of one measurement. DIRECTORY, on the disk to be
// measured, is made and removed; it is next to this program if not given. `replicas`: that
// comparison alone. The programs kipu, kipu-broker and kipu-worker of the same build are used.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "bench/cluster.h"
#include "bench/figures.h"
#include "bench/kipu_appends.h"
#include "bench/raw_leveldb.h"
#include "bench/raw_zmq.h"
#include "bench/replicas.h"
#include "kipu/client.h"
#include "kipu/embedded.h"

namespace kipu::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::size_t, 9> kBatches = {64, 128, 256, 512, 1024, 2048, 4096, 8192, 16'384};
constexpr int kRounds = 5;
constexpr std::size_t kEchoedAppends = 1024;

struct Row {
  std::string name;
  std::function<double(int round)> measure;
  std::vector<double> figures = {};  // one per round
};

double median(std::vector<double> figures) {
  const auto middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
  std::nth_element(figures.begin(), middle, figures.end());
  return *middle;
}

// What the rows of a table are compared with, from the figures of one round.
using Base = std::function<double(std::size_t round)>;

void measure(std::vector<Row>& rows) {
  for (int round = 0; round < kRounds; ++round) {
    for (Row& row : rows) row.figures.push_back(row.measure(round));
  }
}

void print(const std::string& title, const std::string& unit, const std::string& share,
           const std::vector<Row>& rows, const Base& base) {
  fmt::print("{:<50}{:>12}{:>22}\n", title, unit, share);
  for (const Row& row : rows) {
    std::vector<double> ratios;
    ratios.reserve(row.figures.size());
    for (std::size_t round = 0; round < row.figures.size(); ++round) {
      ratios.push_back(row.figures[round] / base(round));
    }
    const double figure = median(row.figures);
    fmt::print("{:<50}{:>12.{}f}{:>22.2f}\n", row.name, figure, figure < 100 ? 1 : 0,
               median(ratios));
  }
}

// Every measurement of appends in batches begins with an empty store, so that none has more to
// compact than another.
double fresh_embedded(const fs::path& at, Duration length) {
  double rate = 0;
  {
    Client client = must(open_embedded(at));
    rate = must(batched_appends(client, length)).per_second;
  }
  fs::remove_all(at);
  return rate;
}

double fresh_cluster(const fs::path& programs, const fs::path& at, Duration length) {
  double rate = 0;
  {
    const Cluster cluster(programs, at);
    Client client = cluster.connect();
    rate = must(batched_appends(client, length)).per_second;
  }
  fs::remove_all(at);
  return rate;
}

double fresh_leveldb(const fs::path& at, std::size_t batch, Duration length) {
  const double rate = raw_leveldb(at, batch, length);
  fs::remove_all(at);
  return rate;
}

void compare_batches(const fs::path& programs, const fs::path& directory, Duration length) {
  const fs::path at = directory / "fresh";
  std::vector<Row> rows;
  rows.reserve(kBatches.size() + 3);
  for (const std::size_t batch : kBatches) {
    rows.push_back({fmt::format("LevelDB alone, synced, batches of {}", batch),
                    [=](int) { return fresh_leveldb(at, batch, length); }});
  }
  rows.push_back({fmt::format("ZeroMQ alone, {} of them in a message", kEchoedAppends), [=](int) {
                    const auto echoed = static_cast<double>(kEchoedAppends);
                    return echoed * echo_throughput(append_frames(kEchoedAppends), 4, length);
                  }});
  rows.push_back({"Kipu embedded", [=](int) { return fresh_embedded(at, length); }});
  rows.push_back({"Kipu through the broker, one worker",
                  [=](int) { return fresh_cluster(programs, at, length); }});
  measure(rows);
  print(fmt::format("Appends of {}-byte values, many under way", kValueBytes), "per second",
        "of LevelDB's best", rows, [&](std::size_t round) {
          double best = 0;
          for (std::size_t i = 0; i < kBatches.size(); ++i) {
            best = std::max(best, rows[i].figures[round]);
          }
          return best;
        });
}

void compare_singles(const fs::path& programs, const fs::path& directory, Duration length) {
  const Cluster cluster(programs, directory);
  Client through = cluster.connect();
  Client embedded = must(open_embedded(directory / "embedded"));
  std::vector<Row> rows;
  rows.push_back({"ZeroMQ echo through a proxy",
                  [=](int) { return echo_round_trip(append_frames(1), length); }});
  rows.push_back(
      {"one write and fdatasync", [=](int) { return write_and_fdatasync(directory, length); }});
  rows.push_back({"LevelDB alone, synced, batches of 1",
                  [=](int) { return 1e6 / fresh_leveldb(directory / "single", 1, length); }});
  rows.push_back({"Kipu embedded", [&](int) { return must(single_appends(embedded, length)); }});
  rows.push_back({"Kipu through the broker, one worker",
                  [&](int) { return must(single_appends(through, length)); }});
  measure(rows);
  print("One append at a time (LevelDB: mean)", "p50 in µs", "of echo and sync", rows,
        [&](std::size_t round) { return rows[0].figures[round] + rows[1].figures[round]; });
}

// One replica, then three, of everything, on as many workers.
void compare_replicas(const fs::path& programs, const fs::path& directory, Duration length) {
  std::array<std::vector<Cost>, 2> costs;
  for (int round = 0; round < kRounds; ++round) {
    costs[0].push_back(cost_of(1, programs, directory, length));
    costs[1].push_back(cost_of(3, programs, directory, length));
  }
  const auto show = [&](const std::string& title, const std::string& unit, double Cost::* figure) {
    std::vector<Row> rows{{"one replica", {}}, {"three replicas, quorum", {}}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const Cost& cost : costs.at(i)) rows[i].figures.push_back(cost.*figure);
    }
    print(title, unit, "of one replica", rows,
          [&](std::size_t round) { return rows[0].figures[round]; });
  };
  show("Three workers: appends, many under way", "per second", &Cost::per_second);
  show("Three workers: CPU of all processes per append", "in µs", &Cost::cpu_micros);
  show("Three workers: one append at a time", "p50 in µs", &Cost::one_at_a_time);
}

}  // namespace
}  // namespace kipu::bench

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 1;
  if (!(seconds > 0 && seconds <= 600)) {
    fmt::print(stderr, "usage: kipu_side_by_side [SECONDS [DIRECTORY [replicas]]]\n");
    return 2;
  }
  const fs::path programs = fs::canonical("/proc/self/exe").parent_path();
  const fs::path directory = argc > 2 ? fs::path(argv[2]) : programs / "side_by_side.tmp";
  fs::remove_all(directory);
  fs::create_directories(directory);
  const auto length = std::chrono::duration<double>(seconds);
  const auto each = std::chrono::duration_cast<kipu::Duration>(length);
  const bool only_replicas = argc > 3 && std::string_view(argv[3]) == "replicas";
  if (!only_replicas) {
    kipu::bench::compare_singles(programs, directory, each);
    fmt::print("\n");
    kipu::bench::compare_batches(programs, directory, each);
    fmt::print("\n");
  }
  kipu::bench::compare_replicas(programs, directory, each);
  fs::remove_all(directory);
  return 0;
}
