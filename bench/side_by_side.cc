// Kipu beside what it is made of, in one run on one machine: raw LevelDB, raw ZeroMQ, Kipu
// embedded, Kipu through a broker. Prints one table for appends in batches and one for one append
// at a time, each with Kipu's share. Quote the ratios: bare figures are worth only as much as the
// machine.
//
//   kipu_side_by_side [SECONDS [DIRECTORY]]
//
// SECONDS (2) is the length of each row. DIRECTORY, on the disk to be measured, is made and
// removed; it is next to this program if not given. Programs kipu, kipu-broker and kipu-worker of
// the same build are used.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "base/result.h"
#include "bench/figures.h"
#include "bench/kipu_appends.h"
#include "bench/raw_leveldb.h"
#include "bench/raw_zmq.h"
#include "kipu/client.h"
#include "kipu/embedded.h"

namespace kipu::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::size_t, 5> kBatches = {64, 256, 1024, 4096, 16'384};

struct Appends {
  double batched = 0;     // per second
  double single_p50 = 0;  // microseconds
};

[[noreturn]] void give_up(const std::string& what) {
  fmt::print(stderr, "kipu_side_by_side: {}\n", what);
  std::exit(1);
}

Appends measure(Result<Client> client, Duration length) {
  if (!client) give_up(client.error().message);
  const Result<double> single = single_appends(*client, length);
  const Result<double> batched = batched_appends(*client, length);
  if (!single) give_up(single.error().message);
  if (!batched) give_up(batched.error().message);
  return {*batched, *single};
}

Appends embedded(const fs::path& directory, Duration length) {
  return measure(open_embedded(directory / "embedded"), length);
}

// One broker and one worker, as `kipu up` starts them.
Appends through_broker(const fs::path& programs, const fs::path& directory, Duration length) {
  const std::string kipu = (programs / "kipu").string();
  const std::string data = (directory / "cluster").string();
  const std::string up =
      fmt::format("'{}' up --workers 1 --port 0 --detach --data '{}' >/dev/null", kipu, data);
  const std::string down = fmt::format("'{}' down --data '{}' >/dev/null", kipu, data);
  if (std::system(up.c_str()) != 0) give_up("`kipu up` failed");
  std::string endpoint;
  std::ifstream(directory / "cluster/endpoint") >> endpoint;
  ClientOptions options;
  options.brokers = {endpoint};
  const Appends measured = measure(Client::connect(options), length);
  if (std::system(down.c_str()) != 0) give_up("`kipu down` failed");
  return measured;
}

double best_of_leveldb(const fs::path& directory, Duration length) {
  double best = 0;
  for (const std::size_t batch : kBatches) {
    const double rate = raw_leveldb(directory / fmt::format("leveldb-{}", batch), batch, length);
    fmt::print("{:<46}{:>12.0f}\n", fmt::format("LevelDB alone, synced, batches of {}", batch),
               rate);
    best = std::max(best, rate);
  }
  return best;
}

void run(const fs::path& programs, const fs::path& directory, Duration length) {
  fmt::print(
      "Appends of {}-byte values, many under way            per second   of LevelDB's best\n",
      kValueBytes);
  const double best = best_of_leveldb(directory, length);
  const std::size_t batch_bytes = std::size_t{1024} * 200;
  const double echoed = echo_throughput(batch_bytes, 4, length);
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "ZeroMQ alone, 1,024 of them in a message",
             echoed * 1024, echoed * 1024 / best);
  const Appends inside = embedded(directory, length);
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "Kipu embedded", inside.batched, inside.batched / best);
  const Appends broker = through_broker(programs, directory, length);
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "Kipu through the broker, one worker", broker.batched,
             broker.batched / best);

  const double echo = echo_round_trip(300, length);
  const double disk = write_and_fdatasync(directory, length);
  fmt::print("\nOne append at a time                             p50 in µs   of echo and sync\n");
  fmt::print("{:<46}{:>12.0f}\n", "ZeroMQ echo through a proxy", echo);
  fmt::print("{:<46}{:>12.0f}\n", "one write and fdatasync", disk);
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "both", echo + disk, 1.0);
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "Kipu embedded", inside.single_p50,
             inside.single_p50 / (echo + disk));
  fmt::print("{:<46}{:>12.0f}{:>20.2f}\n", "Kipu through the broker", broker.single_p50,
             broker.single_p50 / (echo + disk));
}

}  // namespace
}  // namespace kipu::bench

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 2;
  if (!(seconds > 0 && seconds <= 600)) {
    fmt::print(stderr, "usage: kipu_side_by_side [SECONDS [DIRECTORY]]\n");
    return 2;
  }
  const fs::path programs = fs::canonical("/proc/self/exe").parent_path();
  const fs::path directory = argc > 2 ? fs::path(argv[2]) : programs / "side_by_side.tmp";
  fs::remove_all(directory);
  fs::create_directories(directory);
  kipu::bench::run(
      programs, directory,
      std::chrono::duration_cast<kipu::Duration>(std::chrono::duration<double>(seconds)));
  fs::remove_all(directory);
  return 0;
}
