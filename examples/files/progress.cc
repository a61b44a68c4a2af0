#include "examples/files/progress.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "examples/files/text.h"

namespace files {

std::string progress_bar(const Progress& progress, std::string_view moved, double seconds) {
  constexpr std::size_t kWidth = 20;
  const std::uint64_t found = progress.bytes_found;
  const std::uint64_t done = std::min<std::uint64_t>(progress.bytes_done, found);
  const double part = found == 0 ? 0 : static_cast<double>(done) / static_cast<double>(found);
  const auto filled = static_cast<std::size_t>(part * kWidth);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string bar = fmt::format("[{}{}] {:3.0f} %  {} of {}  {}/s", std::string(filled, '#'),
                                std::string(kWidth - filled, ' '), part * 100, format_size(done),
                                format_size(found), format_size(static_cast<std::uint64_t>(rate)));
  if (!moved.empty()) bar += fmt::format("  {} {}", moved, format_size(progress.bytes_moved));
  return bar +
         fmt::format("  {} of {} files", progress.files_done.load(), progress.files_found.load());
}

ProgressDisplay::ProgressDisplay(const Progress& progress, std::string_view moved, bool shown)
    : progress_(progress), moved_(moved) {
  if (shown) thread_ = std::jthread([this](const std::stop_token& stop) { draw(stop); });
}

ProgressDisplay::~ProgressDisplay() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void ProgressDisplay::draw(const std::stop_token& stop) const {
  constexpr std::chrono::milliseconds kBetween(200);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stop, kBetween, [&] { return stop.stop_requested(); })) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    fmt::print(stderr, "\r\x1b[K{}", progress_bar(progress_, moved_, passed.count()));
    std::fflush(stderr);
  }
}

}  // namespace files
