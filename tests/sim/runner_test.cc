// The runner of many seeds, and the shrinker of one.
#include "tests/sim/runner.h"

#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/sim/shrink.h"

namespace kipu::sim {
namespace {

Outcome outcome_of(std::uint64_t seed) {
  Outcome outcome;
  outcome.totals.acknowledged = seed * 10;
  outcome.marks.add(Mark::gap, seed);
  if (seed % 4 == 0) outcome.violation = Violation{"I1", "of seed " + std::to_string(seed)};
  return outcome;
}

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest()
      : path_(std::filesystem::temp_directory_path() /
              ("kipu-runner-" + std::to_string(::getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())) {}
  ~RunnerTest() override { std::filesystem::remove(path_); }
  Seeds seeds(std::uint64_t last) const {
    return {.first = 1, .last = last, .jobs = 2, .keep_going = true, .progress = path_};
  }

 private:
  const std::string path_;
};

TEST_F(RunnerTest, ReadsBackALineThatItWrote) {
  for (const std::uint64_t seed : {3U, 4U}) {
    const auto parsed = parse_line(to_line(seed, outcome_of(seed)));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->first, seed);
    EXPECT_EQ(parsed->second.totals.acknowledged, seed * 10);
    EXPECT_EQ(parsed->second.marks.count(Mark::gap), seed);
    EXPECT_EQ(parsed->second.violation.has_value(), seed == 4);
  }
  EXPECT_EQ(parse_line(to_line(4, outcome_of(4)))->second.violation->text, "of seed 4");
  const std::string line = to_line(3, outcome_of(3));
  EXPECT_FALSE(parse_line(line.substr(0, line.size() - 1)));
}

TEST_F(RunnerTest, GoesOnWhereARunEnded) {
  std::atomic<int> runs = 0;
  const auto run = [&](std::uint64_t seed) {
    ++runs;
    return outcome_of(seed);
  };
  ASSERT_TRUE(run_seeds(seeds(10), "v1", run));
  EXPECT_EQ(runs, 10);
  const auto outcomes = run_seeds(seeds(15), "v1", run);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(runs, 15);
  EXPECT_EQ(outcomes->size(), 15U);
  EXPECT_TRUE(outcomes->at(4).violation);
}

TEST_F(RunnerTest, RefusesTheProgressOfAnotherVersion) {
  ASSERT_TRUE(run_seeds(seeds(2), "v1", outcome_of));
  EXPECT_FALSE(run_seeds(seeds(2), "v2", outcome_of));
}

TEST_F(RunnerTest, StopsAtAFailureUnlessItIsToKeepGoing) {
  Seeds some = seeds(1000);
  some.keep_going = false;
  some.jobs = 1;
  const auto outcomes = run_seeds(some, "v1", outcome_of);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->size(), 4U);
}

// Fails as long as strike 5 and call 17 are in it.
Report report_of(const Options& options) {
  Report report;
  report.strikes = 20;
  const bool fails = !options.without.strikes.contains(5) && !options.without.calls.contains(17);
  if (fails) report.violation = Violation{"I1", "lost"};
  return report;
}

TEST(ShrinkTest, LeavesOutEverythingThatTheFailureDoesNotNeed) {
  Options options;
  options.calls = 50;
  options.network.lost = 100;
  options.faults.on.set();
  const Shrunk shrunk = shrink(options, 10'000, report_of);
  EXPECT_TRUE(shrunk.report.violation);
  EXPECT_EQ(shrunk.options.without.strikes.size(), 19U);
  EXPECT_EQ(shrunk.options.without.calls.size(), 49U);
  EXPECT_TRUE(shrunk.options.without.kinds.all());
  EXPECT_EQ(shrunk.options.network.lost, 0U);
  EXPECT_FALSE(describe(shrunk).empty());
}

TEST(ShrinkTest, KeepsToTheRunsThatItMayTake) {
  Options options;
  options.calls = 1000;
  std::size_t runs = 0;
  const Shrunk shrunk = shrink(options, 30, [&](const Options& tried) {
    ++runs;
    return report_of(tried);
  });
  EXPECT_EQ(runs, 30U);
  EXPECT_TRUE(shrunk.report.violation);
}

TEST(ShrinkTest, DoesNotTakeAnotherFailureForTheSame) {
  Options options;
  options.calls = 10;
  const auto run = [](const Options& tried) {
    Report report = report_of(tried);
    if (!report.violation) report.violation = Violation{"I6", "something else"};
    return report;
  };
  const Shrunk shrunk = shrink(options, 1000, run);
  EXPECT_EQ(shrunk.report.violation->invariant, "I1");
  EXPECT_FALSE(shrunk.options.without.calls.contains(17));
}

}  // namespace
}  // namespace kipu::sim
