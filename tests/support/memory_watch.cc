#include "tests/support/memory_watch.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/sanitizers.h"

namespace kipu::test {

std::uint64_t anonymous_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8));
  }
  return 0;
}

MemoryWatch::MemoryWatch(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) most_.emplace(pid, 0);
  thread_ = std::thread([this] {
    while (!stop_) {
      look();
      pause_between_checks();
    }
    look();
  });
}

MemoryWatch::~MemoryWatch() {
  stop();
}

void MemoryWatch::expect_at_most(std::uint64_t most_kib, const std::string& what) {
  stop();
  for (const auto& [pid, kib] : most_) {
    std::printf("%s: process %d had at most %llu KiB\n", what.c_str(), pid,
                static_cast<unsigned long long>(kib));
    EXPECT_GT(kib, 0U) << "never looked at";
    if (!kSanitized) {
      EXPECT_LE(kib, most_kib) << what;
    }
  }
}

void MemoryWatch::look() {
  for (auto& [pid, kib] : most_) kib = std::max(kib, anonymous_kib(pid));
}

void MemoryWatch::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace kipu::test
