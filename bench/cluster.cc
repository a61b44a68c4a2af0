#include "bench/cluster.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace kipu::bench {
namespace {

namespace fs = std::filesystem;

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) give_up("this failed: " + command);
}

// utime and stime of /proc/PID/stat: the 12th and 13th word after the name, which ends with the
// last bracket.
std::uint64_t cpu_ticks(const std::string& pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + pid + "/stat"), line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) give_up("process " + pid + " is gone");
  std::istringstream words(line.substr(name_end + 1));
  std::string skipped;
  for (int word = 1; word < 12; ++word) words >> skipped;
  std::uint64_t user = 0;
  std::uint64_t kernel = 0;
  words >> user >> kernel;
  return user + kernel;
}

}  // namespace

void give_up(const std::string& what) {
  fmt::print(stderr, "kipu_side_by_side: {}\n", what);
  std::exit(1);
}

Cluster::Cluster(const fs::path& programs, const fs::path& directory, std::size_t workers,
                 std::size_t replicas)
    : kipu_((programs / "kipu").string()), data_(directory / "cluster") {
  run(fmt::format("'{}' up --workers {} --replicas {} --port 0 --detach --data '{}' >/dev/null",
                  kipu_, workers, replicas, data_.string()));
}

Cluster::~Cluster() {
  run(fmt::format("'{}' down --data '{}' >/dev/null 2>&1", kipu_, data_.string()));
}

Client Cluster::connect() const {
  ClientOptions options;
  options.brokers.resize(1);
  std::ifstream(data_ / "endpoint") >> options.brokers[0];
  return must(Client::connect(options));
}

Duration Cluster::cpu_time() const {
  std::uint64_t ticks = 0;
  for (const auto& entry : fs::directory_iterator(data_ / "pids")) {
    std::string pid;
    std::ifstream(entry.path()) >> pid;
    ticks += cpu_ticks(pid);
  }
  const auto ticks_per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return std::chrono::microseconds(ticks * 1'000'000 / ticks_per_second);
}

}  // namespace kipu::bench
