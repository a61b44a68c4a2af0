// How far a long piece of work has come: one line on standard error, when that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kipu::cli {

// The line, without what draws it: `1,234,567 entries  98,000/s  41 %  12.0 s left`.
[[nodiscard]] std::string progress_line(std::uint64_t done, double seconds,
                                        std::optional<double> fraction);

class Progress {
 public:
  // `doing`: what is drawn before it, where the work has several parts.
  explicit Progress(bool quiet, std::string_view doing = {});
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // Draws it, if it was not drawn a moment ago. Cheap.
  void update(std::uint64_t done, std::optional<double> fraction);
  void clear();

  double seconds() const;

 private:
  bool shown_;
  std::string doing_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_at_;
};

}  // namespace kipu::cli
