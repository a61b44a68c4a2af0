// kipu_sim: runs seeds of the simulation, and prints what happened in them.
//
//   kipu_sim --seeds 1..1000 [--jobs 2]     many seeds; fails if one breaks an invariant
//   kipu_sim --seed 17 [--story|--trace]    one seed, with what happens in it, or every event of it
//   kipu_sim --shrink 17                    the shortest story that can be found of how it fails
//
// --replicas N: of the seeds' partitions at most. --keep-going: goes on past seeds that fail.
// --faults none: nothing goes wrong, and every seed has as many replicas as --replicas says.
// --progress FILE: what is done is kept there, and a run that was ended goes on after it.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/runner.h"
#include "tests/sim/shrink.h"

namespace kipu::sim {
namespace {

// Of a run over many seeds: with less than this happening in them, it would prove nothing.
constexpr std::uint64_t kLeastMedianAcknowledged = 200;
constexpr std::uint64_t kLeastMedianFaults = 5;
constexpr std::size_t kSeedsForFloors = 20;
constexpr std::size_t kSeedsForMarks = 1000;
constexpr std::size_t kMostShrinkingRuns = 1500;
constexpr int kUsage = 2;

struct Settings {
  Seeds seeds;
  Print print = Print::nothing;
  bool shrink = false;
  std::uint32_t replicas = kMostReplicas;  // at most, of a seed
  bool faults = true;
};

Options options_of(const Settings& settings, std::uint64_t seed) {
  Options options = draw_options(seed, settings.replicas);
  return settings.faults ? options : without_faults(std::move(options), settings.replicas);
}

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

bool take_seeds(Seeds& seeds, std::string_view text) {
  const auto dots = text.find("..");
  const auto first = parse_number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
  if (!first || !last || *last < *first) return false;
  seeds.first = *first;
  seeds.last = *last;
  return true;
}

bool take_flag(Settings& settings, std::string_view name) {
  if (name == "--trace") {
    settings.print = Print::all;
  } else if (name == "--story") {
    settings.print = Print::story;
  } else if (name == "--keep-going") {
    settings.seeds.keep_going = true;
  } else {
    return false;
  }
  return true;
}

bool take_option(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "--shrink") settings.shrink = true;
  if (name == "--seeds" || name == "--seed" || name == "--shrink") {
    return take_seeds(settings.seeds, value);
  }
  if (name == "--progress") {
    settings.seeds.progress = value;
    return !value.empty();
  }
  if (name == "--faults") {
    settings.faults = value == "all";
    return settings.faults || value == "none";
  }
  const auto number = parse_number(value);
  if (!number || *number < 1 || *number > 256) return false;
  if (name == "--jobs") settings.seeds.jobs = static_cast<unsigned>(*number);
  if (name == "--replicas") settings.replicas = static_cast<std::uint32_t>(*number);
  return name == "--jobs" || name == "--replicas";
}

std::optional<Settings> parse(const std::vector<std::string_view>& arguments) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (take_flag(settings, arguments[i])) continue;
    if (i + 1 == arguments.size()) return std::nullopt;
    if (!take_option(settings, arguments[i], arguments[i + 1])) return std::nullopt;
    ++i;
  }
  return settings;
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

template <class Measure>
std::uint64_t median(const Outcomes& outcomes, Measure measure) {
  std::vector<std::uint64_t> values;
  for (const auto& [seed, outcome] : outcomes) values.push_back(measure(outcome));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::uint64_t median(const Outcomes& outcomes, std::uint64_t Totals::* number) {
  return median(outcomes, [number](const Outcome& outcome) { return outcome.totals.*number; });
}

unsigned long long whole(std::uint64_t number) {
  return number;
}

void print_total(const Outcomes& outcomes, const TotalName& total) {
  std::uint64_t sum = 0;
  for (const auto& [seed, outcome] : outcomes) sum += outcome.totals.*total.number;
  std::printf("  %-20s %12llu  of 1,000 seeds %12llu  median %8llu\n", total.name, whole(sum),
              whole(sum * 1000 / outcomes.size()), whole(median(outcomes, total.number)));
}

Marks all_marks(const Outcomes& outcomes) {
  Marks marks;
  for (const auto& [seed, outcome] : outcomes) marks.add(outcome.marks);
  return marks;
}

void print_totals(const Outcomes& outcomes) {
  std::printf("%zu seeds\n", outcomes.size());
  for (const TotalName& total : kTotals) print_total(outcomes, total);
  const std::uint64_t cpu = median(outcomes, [](const Outcome& o) { return o.cpu_microseconds; });
  std::printf("  %-20s %50s  median %8.3f\n", "CPU seconds", "", static_cast<double>(cpu) * 1e-6);
  const Marks marks = all_marks(outcomes);
  std::printf("marks:");
  for (std::size_t i = 0; i < kMarks; ++i) {
    const auto mark = static_cast<Mark>(i);
    std::printf("%s %s %llu", i == 0 ? "" : ",", mark_name(mark), whole(marks.count(mark)));
  }
  std::printf("\n");
}

bool print_violations(const Outcomes& outcomes) {
  bool any = false;
  for (const auto& [seed, outcome] : outcomes) {
    if (!outcome.violation) continue;
    any = true;
    std::printf(
        "FAILED: seed %llu at commit %s breaks %s: %s\n  replay: kipu_sim --seed %llu --trace; "
        "shorter: kipu_sim --shrink %llu\n",
        whole(seed), commit().c_str(), outcome.violation->invariant.c_str(),
        outcome.violation->text.c_str(), whole(seed), whole(seed));
  }
  return any;
}

bool reaches_floors(const Outcomes& outcomes) {
  if (outcomes.size() < kSeedsForFloors) return true;
  const std::uint64_t acknowledged = median(outcomes, &Totals::acknowledged);
  const std::uint64_t faults = median(outcomes, &Totals::faults);
  if (acknowledged >= kLeastMedianAcknowledged && faults >= kLeastMedianFaults) return true;
  std::printf(
      "FAILED: too little happens: a median of %llu writes and %llu faults, not %llu and %llu\n",
      whole(acknowledged), whole(faults), whole(kLeastMedianAcknowledged),
      whole(kLeastMedianFaults));
  return false;
}

bool reaches_marks(const Outcomes& outcomes, std::uint32_t replicas) {
  if (outcomes.size() < kSeedsForMarks) return true;
  const Marks marks = all_marks(outcomes);
  bool all = true;
  for (std::size_t i = 0; i < kMarks; ++i) {
    const auto mark = static_cast<Mark>(i);
    if (marks.count(mark) > 0 || (needs_replicas(mark) && replicas == 1)) continue;
    std::printf("FAILED: no seed reaches the mark \"%s\"\n", mark_name(mark));
    all = false;
  }
  return all;
}

int run_many(const Settings& settings) {
  Report last;
  const auto run_one = [&](std::uint64_t seed) {
    const double before = thread_cpu_seconds();
    Report report = simulate(options_of(settings, seed), settings.print);
    const double seconds = thread_cpu_seconds() - before;
    Outcome outcome{report.totals, report.marks, static_cast<std::uint64_t>(seconds * 1e6),
                    report.violation};
    if (settings.seeds.first == settings.seeds.last) last = std::move(report);
    return outcome;
  };
  const auto outcomes = run_seeds(settings.seeds, commit(), run_one);
  if (!outcomes) {
    std::fprintf(stderr, "kipu_sim: %s\n", outcomes.error().message.c_str());
    return kUsage;
  }
  print_totals(*outcomes);
  if (last.steps > 0) {
    std::printf("  trace %016llx, %llu steps\n", whole(last.hash), whole(last.steps));
  }
  const bool violated = print_violations(*outcomes);
  const bool enough = !settings.faults ||
                      (reaches_floors(*outcomes) && reaches_marks(*outcomes, settings.replicas));
  return violated || !enough ? 1 : 0;
}

int run_shrink(const Settings& settings) {
  const std::uint64_t seed = settings.seeds.first;
  const Options options = options_of(settings, seed);
  if (!simulate(options).violation) {
    std::printf("seed %llu breaks nothing at commit %s\n", whole(seed), commit().c_str());
    return 0;
  }
  const Shrunk shrunk =
      shrink(options, kMostShrinkingRuns, [](const Options& tried) { return simulate(tried); });
  const Report report =
      simulate(shrunk.options, settings.print == Print::all ? Print::all : Print::story);
  std::printf("%s", describe(shrunk).c_str());
  std::printf("FAILED: breaks %s: %s\n", report.violation->invariant.c_str(),
              report.violation->text.c_str());
  return 1;
}

int run(const std::vector<std::string_view>& arguments) {
  const auto settings = parse(arguments);
  if (!settings) {
    std::fprintf(stderr,
                 "usage: kipu_sim [--seeds FIRST..LAST] [--seed N] [--shrink N] [--jobs N] "
                 "[--replicas N] [--faults all|none] "
                 "[--story] [--trace] [--keep-going] [--progress FILE]\n");
    return kUsage;
  }
  return settings->shrink ? run_shrink(*settings) : run_many(*settings);
}

}  // namespace
}  // namespace kipu::sim

int main(int argc, char** argv) {
  return kipu::sim::run(std::vector<std::string_view>(argv + 1, argv + argc));
}
