// How much memory processes have, watched while they work.
//
// Thread rule: a MemoryWatch belongs to one thread, and has another of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace kipu::test {

// The anonymous memory of a process in KiB; 0 if it is gone.
std::uint64_t anonymous_kib(pid_t pid);

// Looks at the memory of processes until it goes.
class MemoryWatch {
 public:
  explicit MemoryWatch(const std::vector<pid_t>& pids);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // Ends the watch: a failure of the test where any of them had more (except under sanitizers,
  // which need memory themselves). Prints the most that each had.
  void expect_at_most(std::uint64_t most_kib, const std::string& what);

 private:
  void look();
  void stop();

  std::atomic<bool> stop_ = false;
  std::map<pid_t, std::uint64_t> most_;  // of the thread, until it has ended
  std::thread thread_;
};

}  // namespace kipu::test
