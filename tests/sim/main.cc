// kipu_sim: runs seeds of the simulation, and prints what happened in them.
//
//   kipu_sim --seeds 1..1000 [--jobs 2]     many seeds; fails if one breaks an invariant
//   kipu_sim --seed 17 [--trace]            one seed, with every event of it
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/sim/simulation.h"

namespace kipu::sim {
namespace {

// Of a run over many seeds: with less than this happening in them, it would prove nothing.
constexpr std::uint64_t kLeastMedianAcknowledged = 200;
constexpr std::uint64_t kLeastMedianFaults = 5;
constexpr std::size_t kSeedsForFloors = 20;

struct Settings {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  unsigned jobs = 1;
  bool trace = false;
};

struct Timed {
  Report report;
  double cpu_seconds = 0;
};

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool take_seeds(Settings& settings, std::string_view text) {
  const auto dots = text.find("..");
  const auto first = parse_number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
  if (!first || !last || *last < *first) return false;
  settings.first = *first;
  settings.last = *last;
  return true;
}

std::optional<Settings> parse(const std::vector<std::string_view>& arguments) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--trace") {
      settings.trace = true;
      continue;
    }
    if (i + 1 == arguments.size()) return std::nullopt;
    const std::string_view value = arguments[++i];
    if (name == "--seeds" || name == "--seed") {
      if (!take_seeds(settings, value)) return std::nullopt;
    } else if (name == "--jobs") {
      const auto jobs = parse_number(value);
      if (!jobs || *jobs < 1 || *jobs > 256) return std::nullopt;
      settings.jobs = static_cast<unsigned>(*jobs);
    } else {
      return std::nullopt;
    }
  }
  return settings;
}

std::vector<Timed> run_all(const Settings& settings) {
  std::vector<Timed> results;
  std::mutex mutex;  // guards results
  std::atomic<std::uint64_t> next = settings.first;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed <= settings.last && !failed; seed = next++) {
      const double before = thread_cpu_seconds();
      Report report = simulate(draw_options(seed), settings.trace);
      if (report.violation) failed = true;
      const std::lock_guard lock(mutex);
      results.push_back({std::move(report), thread_cpu_seconds() - before});
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned job = 0; job < settings.jobs; ++job) threads.emplace_back(work);
  }
  return results;
}

template <class Measure>
auto median(const std::vector<Timed>& results, Measure measure) {
  std::vector<decltype(measure(results[0]))> values;
  for (const Timed& result : results) values.push_back(measure(result));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void print_line(const std::vector<Timed>& results, const char* name,
                std::uint64_t Totals::* number) {
  std::uint64_t total = 0;
  for (const Timed& result : results) total += result.report.totals.*number;
  const auto middle = median(results, [&](const Timed& r) { return r.report.totals.*number; });
  std::printf("  %-20s %12llu  median %8llu\n", name, static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(middle));
}

void print_totals(const std::vector<Timed>& results) {
  std::printf("%zu seeds\n", results.size());
  print_line(results, "writes acknowledged", &Totals::acknowledged);
  print_line(results, "other calls done", &Totals::answered);
  print_line(results, "calls refused", &Totals::refused);
  print_line(results, "outcomes unknown", &Totals::unknown);
  print_line(results, "entries sent again", &Totals::retries);
  print_line(results, "faults", &Totals::faults);
  print_line(results, "crashes", &Totals::crashes);
  print_line(results, "messages", &Totals::messages);
  std::printf("  %-20s %12s  median %8.3f\n", "CPU seconds", "",
              median(results, [](const Timed& r) { return r.cpu_seconds; }));
}

std::string commit() {
  std::string text;
  if (FILE* git = popen("git rev-parse --short HEAD 2>/dev/null", "r")) {
    char line[64];
    if (std::fgets(line, sizeof line, git) != nullptr) text = line;
    pclose(git);
  }
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  return text.empty() ? "unknown" : text;
}

bool print_violations(const std::vector<Timed>& results) {
  bool any = false;
  for (const Timed& result : results) {
    if (!result.report.violation) continue;
    any = true;
    std::printf(
        "FAILED: seed %llu at commit %s breaks %s: %s\n  replay: kipu_sim --seed %llu --trace\n",
        static_cast<unsigned long long>(result.report.seed), commit().c_str(),
        result.report.violation->invariant.c_str(), result.report.violation->text.c_str(),
        static_cast<unsigned long long>(result.report.seed));
  }
  return any;
}

bool reaches_floors(const std::vector<Timed>& results) {
  if (results.size() < kSeedsForFloors) return true;
  const auto acknowledged =
      median(results, [](const Timed& r) { return r.report.totals.acknowledged; });
  const auto faults = median(results, [](const Timed& r) { return r.report.totals.faults; });
  if (acknowledged >= kLeastMedianAcknowledged && faults >= kLeastMedianFaults) return true;
  std::printf(
      "FAILED: too little happens: a median of %llu writes and %llu faults, not %llu and %llu\n",
      static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(faults),
      static_cast<unsigned long long>(kLeastMedianAcknowledged),
      static_cast<unsigned long long>(kLeastMedianFaults));
  return false;
}

int run(const std::vector<std::string_view>& arguments) {
  const auto settings = parse(arguments);
  if (!settings) {
    std::fprintf(stderr, "usage: kipu_sim [--seeds FIRST..LAST] [--seed N] [--jobs N] [--trace]\n");
    return 2;
  }
  const auto results = run_all(*settings);
  print_totals(results);
  if (results.size() == 1) {
    std::printf("  trace %016llx, %llu steps\n",
                static_cast<unsigned long long>(results[0].report.hash),
                static_cast<unsigned long long>(results[0].report.steps));
  }
  const bool violated = print_violations(results);
  return violated || !reaches_floors(results) ? 1 : 0;
}

}  // namespace
}  // namespace kipu::sim

int main(int argc, char** argv) {
  return kipu::sim::run(std::vector<std::string_view>(argv + 1, argv + argc));
}
