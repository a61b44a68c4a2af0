// A broker and workers as programs, on ports that stay the same, so that each of them can be killed
// and started again while clients go on.
//
// Thread rule: the main thread (see tests/support/process.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kipu/client.h"
#include "tests/support/process.h"

namespace kipu::test {

// Where a process runs: the address that it listens on, and the command that starts others there.
struct Site {
  std::string address = "127.0.0.1";
  std::vector<std::string> enter = {};
};

struct ClusterOptions {
  std::size_t workers = 2;
  std::size_t replicas = 1;
  std::string broker_heartbeat = "100ms";  // a worker that misses three is suspect
  std::string worker_heartbeat = "100ms";
  std::vector<std::string> worker_arguments = {};
  std::filesystem::path stores = {};  // where workers have their directories; empty: the cluster's
  Site broker_site = {};
  std::vector<Site> worker_sites = {};  // of each; none: all beside the broker
};

// How a disk that is no longer healthy misbehaves: a mode of tests/support/fsync_shim.h.
class Disk {
 public:
  explicit Disk(std::filesystem::path control) : control_(std::move(control)) {}

  // From the k-th sync of the worker's process on.
  void break_down(const std::string& mode, std::uint64_t k = 1) const;
  void heal() const;
  // Whether the mode of the last break_down has struck.
  bool has_struck() const;
  std::filesystem::path control() const { return control_; }
  std::filesystem::path report() const { return control_.string() + ".report"; }

 private:
  std::filesystem::path control_;
};

class Cluster {
 public:
  // All of it is started. Throws std::runtime_error if anything does not start.
  explicit Cluster(ClusterOptions options = {});
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const std::string& frontend() const { return frontend_; }
  const std::string& id() const { return id_; }
  std::filesystem::path broker_directory() const { return directory_ / "broker"; }
  std::filesystem::path log_of(const std::string& name) const {
    return directory_ / (name + ".log");
  }

  // What those processes wrote that have ended by themselves, for messages of tests that fail.
  std::string ended();

  Process& broker() { return *broker_; }
  Process& worker(std::size_t index) { return *workers_.at(index).process; }
  const Disk& disk(std::size_t index) const { return workers_.at(index).disk; }

  // Also where the former process still runs: it is killed first.
  void start_broker();
  void start_worker(std::size_t index);
  // Starts anew what has ended, workers with healed disks.
  void supervise();
  // Takes the broker's directory away, and makes one from the cluster's id alone.
  void lose_brokers_disk();

  // A client of the frontend, unless the options name another endpoint. Calls that name no timeout
  // have kPatience.
  Client client(ClientOptions options = {}) const;

 private:
  struct Worker {
    Disk disk;
    std::filesystem::path store;
    std::unique_ptr<Process> process = nullptr;
  };

  const ClusterOptions options_;
  const TempDirectory directory_;
  Site site_of(std::size_t worker) const;

  std::string id_;
  std::string frontend_;
  std::string backend_;
  std::unique_ptr<Process> broker_;
  std::vector<Worker> workers_;
};

// What a result holds; a failure of the test, told by an exception, if it holds an error.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace kipu::test
