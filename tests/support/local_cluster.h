// A cluster that `kipu up` runs, and the `kipu` program over it.
//
// Thread rule: the main thread (see tests/support/process.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace kipu::test {

// What a program sees of its user: a home of its own, and no settings of this machine's user.
std::vector<std::pair<std::string, std::string>> empty_home(const std::filesystem::path& home);

class LocalCluster {
 public:
  // Starts it on free ports, with as many replicas as `kipu up` makes for so many workers. Throws
  // std::runtime_error if it does not serve.
  explicit LocalCluster(std::size_t workers = 3);
  // Stops it in order.
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;

  const std::string& frontend() const { return frontend_; }
  const std::string& backend() const { return backend_; }
  std::filesystem::path data() const { return directory_ / "data"; }
  // A place for files of the test.
  std::filesystem::path file(const std::string& name) const { return directory_ / name; }

  Process& up() { return *up_; }
  pid_t broker() const { return pid_of("broker"); }
  // From 1. -1 while it is being restarted.
  pid_t worker(std::size_t number) const { return pid_of("worker-" + std::to_string(number)); }
  std::vector<pid_t> processes() const;
  // Whether all of them are those that run now. Call it last: a crash must not hide in a restart.
  bool has_restarted() const;

  // What makes `kipu` ask this cluster.
  Process::Options options(std::string input = {}) const;
  // Runs `kipu` with these words over it.
  Finished kipu(std::vector<std::string> words, std::string input = {}) const;

 private:
  pid_t pid_of(const std::string& name) const;

  const TempDirectory directory_;
  const std::size_t workers_;
  std::unique_ptr<Process> up_;
  std::vector<pid_t> first_processes_;
  std::string frontend_;
  std::string backend_;
};

}  // namespace kipu::test
