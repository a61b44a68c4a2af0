// Rounds: how long appends take beside a replica that is slow.
#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/replication/rounds.h"

namespace kipu::test {
namespace {

// From the onset until clients are expected to have found out.
constexpr Micros kToFindOut = 2'000'000;

Micros in_micros(Duration length) {
  return length / std::chrono::microseconds(1);
}

Micros percentile_99(std::vector<Micros> latencies) {
  if (latencies.empty()) return 0;
  const auto at = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() * 99 / 100);
  std::nth_element(latencies.begin(), at, latencies.end());
  return *at;
}

double in_milliseconds(Micros length) {
  return static_cast<double>(length) / 1000;
}

double ratio(Micros meanwhile, Micros healthy) {
  return static_cast<double>(meanwhile) / static_cast<double>(std::max<Micros>(healthy, 1));
}

constexpr std::array<std::pair<const char*, Micros Rounds::Latencies::*>, 3> kShown{
    {{"p99", &Rounds::Latencies::all},
     {"p99 of the slowest lane", &Rounds::Latencies::slowest_lane},
     {"longest", &Rounds::Latencies::longest}}};

}  // namespace

void Rounds::compare_stopped(Duration length) {
  const std::size_t victim = rng_.below(kWorkers);
  const Latencies healthy = measure_healthy(length);
  const Micros from = begin();
  cluster_.worker(victim).kill(SIGSTOP);
  compare("stopped replica", healthy, from, length);
  cluster_.worker(victim).kill(SIGCONT);
  wait_until_well();
}

void Rounds::compare_slow_disk(Duration length) {
  const std::size_t victim = rng_.below(kWorkers);
  const Latencies healthy = measure_healthy(length);
  const Micros from = begin();
  cluster_.disk(victim).break_down("slow");
  compare("replica with a slow disk", healthy, from, length);
  cluster_.disk(victim).heal();
  wait_until_well();
}

Rounds::Latencies Rounds::measure_healthy(Duration length) {
  const Micros from = begin();
  EXPECT_TRUE(before_long([&] { return monotonic_micros() - from >= in_micros(length); }));
  read_journals();
  return latencies(from, monotonic_micros());
}

void Rounds::compare(const std::string& kind, const Latencies& healthy, Micros from,
                     Duration length) {
  EXPECT_TRUE(wait_until_all_go_on(from)) << kind << ": some lane did not go on";
  EXPECT_TRUE(before_long([&] {
    read_journals();
    const bool is_long = monotonic_micros() - from >= in_micros(length);
    return is_long && acknowledged_since(from + kToFindOut) >= kWithinAWindow;
  })) << kind
      << ": too few appends were acknowledged";
  comparisons_.push_back({kind, healthy, latencies(from + kToFindOut, monotonic_micros())});
  std::size_t errors = 0;
  for (const Writer& writer : writers_) errors += writer.journal->errors_since(from);
  EXPECT_EQ(errors, 0U) << kind << ": a writer was told of a failure";
  std::printf("%s, beside healthy: appends %zu / %zu", kind.c_str(),
              comparisons_.back().meanwhile.appends, healthy.appends);
  for (const auto& [name, value] : kShown) {
    const Micros meanwhile = comparisons_.back().meanwhile.*value;
    std::printf("; %s %.1f / %.1f ms (%.2f)", name, in_milliseconds(meanwhile),
                in_milliseconds(healthy.*value), ratio(meanwhile, healthy.*value));
  }
  std::puts("");
  std::fflush(stdout);
}

// Of the appends that began and ended within that time. Each begins when the one before it on its
// lane ends.
Rounds::Latencies Rounds::latencies(Micros from, Micros until) const {
  Latencies found;
  std::vector<Micros> all;
  for (const Writer& writer : writers_) {
    std::vector<Micros> began(kLanes, 0);
    std::vector<std::vector<Micros>> lanes(kLanes);
    for (const Journal::Line& line : writer.journal->lines()) {
      Micros& before = began.at(line.lane);
      if (before >= from && line.at <= until) lanes.at(line.lane).push_back(line.at - before);
      before = line.at;
    }
    for (const std::vector<Micros>& lane : lanes) {
      found.slowest_lane = std::max(found.slowest_lane, percentile_99(lane));
      all.insert(all.end(), lane.begin(), lane.end());
    }
  }
  found.appends = all.size();
  found.longest = all.empty() ? 0 : *std::max_element(all.begin(), all.end());
  found.all = percentile_99(std::move(all));
  return found;
}

void Rounds::print_comparison(const std::string& kind) const {
  std::size_t rounds = 0;
  std::string text;
  for (const auto& [name, value] : kShown) {
    std::vector<double> ratios;
    for (const Comparison& one : comparisons_) {
      if (one.kind == kind) ratios.push_back(ratio(one.meanwhile.*value, one.healthy.*value));
    }
    std::sort(ratios.begin(), ratios.end());
    rounds = ratios.size();
    text += fmt::format("; {} median {:.2f}, most {:.2f}", name, ratios[rounds / 2], ratios.back());
  }
  std::printf("%zu × %s, times the healthy one%s\n", rounds, kind.c_str(), text.c_str());
}

}  // namespace kipu::test
