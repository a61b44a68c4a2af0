#include "client/cli/progress.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/units.h"

namespace kipu::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetween(200);

}  // namespace

std::string progress_line(std::uint64_t done, double seconds, std::optional<double> fraction) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = fmt::format("{} entries  {}/s", format_number(done),
                                 format_number(static_cast<std::uint64_t>(rate)));
  if (!fraction) return line;
  line += fmt::format("  {:.0f} %", *fraction * 100);
  if (*fraction > 0.001 && *fraction < 1) {
    const std::chrono::duration<double> left(seconds / *fraction - seconds);
    line += fmt::format("  {} left", format_duration(std::chrono::duration_cast<Duration>(left)));
  }
  return line;
}

Progress::Progress(bool quiet, std::string_view doing)
    : shown_(!quiet && isatty(STDERR_FILENO) == 1),
      doing_(doing.empty() ? "" : fmt::format("{}: ", doing)),
      start_(Clock::now()),
      drawn_at_(start_) {}

void Progress::update(std::uint64_t done, std::optional<double> fraction) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now - drawn_at_ < kBetween) return;
  drawn_at_ = now;
  drawn_ = true;
  fmt::print(stderr, "\r\x1b[K{}{}", doing_, progress_line(done, seconds(), fraction));
  std::fflush(stderr);
}

void Progress::clear() {
  if (!drawn_) return;
  drawn_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace kipu::cli
