#include "base/stamp.h"

#include <gtest/gtest.h>

namespace kipu {
namespace {

using std::chrono::milliseconds;

TEST(StampTest, WritesTimeFirstAsHexAndReadsItBack) {
  const Stamp stamp{StampTime(0x0123456789abcdef), 0x42};
  EXPECT_EQ(stamp.to_string(), "0123456789abcdef0000000000000042");
  EXPECT_EQ(Stamp::parse(stamp.to_string()), stamp);
  EXPECT_EQ(Stamp::parse("12"), std::nullopt);
}

TEST(HybridClockTest, NeverRepeatsNorGoesBackWhenTheWallClockDoes) {
  HybridClock clock(7, std::chrono::seconds(10));
  const Stamp first = clock.next(WallTime(milliseconds(1000)));
  const Stamp second = clock.next(WallTime(milliseconds(500)));
  EXPECT_LT(first, second);
  EXPECT_EQ(second.time, first.time.plus(1));
}

TEST(HybridClockTest, FollowsWhatItObservesOnlyAsFarAsItsCap) {
  HybridClock clock(7, std::chrono::seconds(10));
  clock.observe(WallTime(milliseconds(0)), StampTime::at(WallTime(milliseconds(60'000))));
  EXPECT_EQ(clock.next(WallTime(milliseconds(0))).time.wall(), WallTime(milliseconds(10'000)));
}

}  // namespace
}  // namespace kipu
