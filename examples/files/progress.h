// How far transfers have come: counted by all threads, drawn by one on standard error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace files {

// Thread rule: any thread.
struct Progress {
  std::atomic<std::uint64_t> files_found = 0;
  std::atomic<std::uint64_t> files_done = 0;
  std::atomic<std::uint64_t> bytes_found = 0;  // of files, holes included
  std::atomic<std::uint64_t> bytes_done = 0;
  std::atomic<std::uint64_t> bytes_moved = 0;  // compressed and sent
};

// `[#########           ]  45 %  1.2 GiB of 2.7 GiB  310.0 MiB/s  sent 12.0 MiB  3 of 9 files`
[[nodiscard]] std::string progress_bar(const Progress& progress, std::string_view moved,
                                       double seconds);

// Draws the bar every so often until it goes, if `shown`.
class ProgressDisplay {
 public:
  // `moved`: what happens to the bytes that travel, such as "sent"; empty: not shown. `progress`
  // outlives this.
  ProgressDisplay(const Progress& progress, std::string_view moved, bool shown);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

 private:
  void draw(const std::stop_token& stop) const;

  const Progress& progress_;
  const std::string moved_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::jthread thread_;
};

}  // namespace files
