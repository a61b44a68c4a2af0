// Whole clusters from seeds: nothing may break, a seed must replay exactly, and a fault that is
// planted must be caught.
#include "tests/sim/simulation.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace kipu::sim {
namespace {

constexpr std::uint64_t kSeedsPerTest = 10;

std::uint64_t median(std::vector<std::uint64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

class SeedsTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SeedsTest, KeepTheInvariantsAndSeeEnough) {
  std::vector<std::uint64_t> acknowledged;
  std::vector<std::uint64_t> faults;
  for (std::uint64_t seed = GetParam(); seed < GetParam() + kSeedsPerTest; ++seed) {
    const Report report = simulate(draw_options(seed));
    ASSERT_FALSE(report.violation) << "seed " << seed << " breaks " << report.violation->invariant
                                   << ": " << report.violation->text;
    acknowledged.push_back(report.totals.acknowledged);
    faults.push_back(report.totals.faults);
  }
  EXPECT_GE(median(acknowledged), 200U);
  EXPECT_GE(median(faults), 5U);
}

INSTANTIATE_TEST_SUITE_P(From, SeedsTest, ::testing::Range<std::uint64_t>(1, 51, kSeedsPerTest));

TEST(SimulationTest, ReplaysASeedExactly) {
  for (const std::uint64_t seed : {3U, 17U, 29U}) {
    const Report first = simulate(draw_options(seed));
    const Report second = simulate(draw_options(seed));
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps) << "seed " << seed;
  }
  EXPECT_NE(simulate(draw_options(3)).hash, simulate(draw_options(4)).hash);
}

struct Planted {
  const char* name;
  Plant plant;
  std::vector<std::string> caught_as;
};

class PlantedFaultTest : public ::testing::TestWithParam<Planted> {};

// Within a few seeds, and as a violation of the invariant that it breaks.
TEST_P(PlantedFaultTest, IsCaught) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Options options = draw_options(seed);
    options.plant = GetParam().plant;
    options.disk.slow_partition.reset();
    options.network.duplicated = 0;                            // else a refusal would not be final
    options.disk.least_delay = std::chrono::milliseconds(20);  // so that reads meet commits
    options.disk.most_delay = std::chrono::milliseconds(100);
    const Report report = simulate(options);
    if (!report.violation) continue;
    const auto& expected = GetParam().caught_as;
    EXPECT_NE(std::find(expected.begin(), expected.end(), report.violation->invariant),
              expected.end())
        << report.violation->invariant << ": " << report.violation->text;
    return;
  }
  FAIL() << "no seed caught it";
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedFaultTest,
    ::testing::Values(Planted{"AcknowledgeBeforeSync", Plant::acknowledge_before_sync, {"I1"}},
                      Planted{"DropCommit", Plant::drop_commit, {"I1"}},
                      // A removal leaves nothing to know it by: another stamp makes it another's.
                      Planted{"SecondStamp", Plant::second_stamp, {"I2", "I3"}},
                      Planted{"AlterValue", Plant::alter_value, {"I2"}},
                      Planted{"ShortenPage", Plant::shorten_page, {"I1", "I4"}},
                      Planted{"ReadBeforeSync", Plant::read_before_sync, {"I1", "I4"}},
                      Planted{"SwallowCompletion", Plant::swallow_completion, {"I6"}},
                      Planted{"ForgetBucket", Plant::forget_bucket, {"I1", "I6"}},
                      Planted{"StoreRefused", Plant::store_refused, {"I6"}}),
    [](const auto& planted) { return std::string(planted.param.name); });

}  // namespace
}  // namespace kipu::sim
