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

TEST(HybridClockTest, FollowsTheWallClockAgainOnceThatWasSetRight) {
  HybridClock clock(7, std::chrono::seconds(10));
  const WallTime right(milliseconds(1'000'000));
  const Stamp before = clock.next(right);
  clock.stored(before.time);
  const Stamp ahead = clock.next(right + std::chrono::hours(1));
  EXPECT_EQ(ahead.time.wall(), right + std::chrono::hours(1));
  const Stamp after = clock.next(right);
  EXPECT_EQ(after.time, before.time.plus(1));
  EXPECT_NE(after.writer, before.writer);
  EXPECT_EQ(clock.next(right + milliseconds(5)).time.wall(), right + milliseconds(5));
}

TEST(HybridClockTest, GoesOnFromALittleAheadAsBefore) {
  HybridClock clock(7, std::chrono::seconds(10));
  const WallTime right(milliseconds(1'000'000));
  const Stamp ahead = clock.next(right + std::chrono::seconds(10));
  EXPECT_EQ(clock.next(right).time, ahead.time.plus(1));
}

TEST(HybridClockTest, IsNeverBehindWhatWasStoredOrRead) {
  HybridClock clock(7, std::chrono::seconds(10));
  const WallTime right(milliseconds(10'000'000));
  const Stamp stored = clock.next(right);
  clock.stored(stored.time);
  const WallTime behind = right - std::chrono::hours(1);
  EXPECT_EQ(clock.next(behind).time, stored.time.plus(1));
  HybridClock reader(8, std::chrono::seconds(10));
  reader.observe(right, stored.time.plus(5));
  EXPECT_EQ(reader.next(behind).time, stored.time.plus(6));
}

TEST(HybridClockTest, IsNotKeptAheadByAStampThatWasChosenForIt) {
  HybridClock clock(7, std::chrono::seconds(10));
  const WallTime right(milliseconds(1'000'000));
  const WallTime ahead = right + std::chrono::hours(1);
  clock.chosen(ahead, StampTime::at(ahead));
  EXPECT_EQ(clock.next(ahead).time, StampTime::at(ahead).plus(1));
  EXPECT_EQ(clock.next(right).time, StampTime::at(right));
}

}  // namespace
}  // namespace kipu
