#include "base/random.h"

#include <array>

#include <gtest/gtest.h>

namespace kipu {
namespace {

TEST(RngTest, RepeatsItselfFromTheSameSeed) {
  Rng one(42);
  Rng two(42);
  Rng other(43);
  bool differed = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t drawn = one.next();
    EXPECT_EQ(drawn, two.next());
    differed = differed || drawn != other.next();
  }
  EXPECT_TRUE(differed);
}

TEST(RngTest, DrawsEveryNumberBelowItsBoundAboutAsOften) {
  Rng rng(7);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) ++seen.at(rng.below(seen.size()));
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
}

TEST(RngTest, DrawsDurationsUpToBothEnds) {
  Rng rng(7);
  bool least = false;
  bool most = false;
  for (int i = 0; i < 200; ++i) {
    const Duration drawn = rng.between(Duration(3), Duration(5));
    EXPECT_GE(drawn, Duration(3));
    EXPECT_LE(drawn, Duration(5));
    least = least || drawn == Duration(3);
    most = most || drawn == Duration(5);
  }
  EXPECT_TRUE(least && most);
}

}  // namespace
}  // namespace kipu
