#include "base/ids.h"

#include <set>

#include <gtest/gtest.h>

namespace kipu {
namespace {

TEST(UuidTest, IsWrittenAs32HexDigitsAndReadBack) {
  const Uuid uuid{0xabc, 0x1};
  EXPECT_EQ(uuid.to_string(), "0000000000000abc0000000000000001");
  EXPECT_EQ(Uuid::parse(uuid.to_string()), uuid);
}

TEST(UuidTest, RefusesWhatIsNot32HexDigits) {
  EXPECT_FALSE(Uuid::parse(""));
  EXPECT_FALSE(Uuid::parse("0000000000000abc000000000000000"));
  EXPECT_FALSE(Uuid::parse("0000000000000abc00000000000000011"));
  EXPECT_FALSE(Uuid::parse("0000000000000abc000000000000000g"));
  EXPECT_FALSE(Uuid::parse("0x00000000000abc0000000000000001"));
  EXPECT_FALSE(Uuid::parse("-000000000000abc0000000000000001"));
}

TEST(UuidTest, IsNeverNoneWhenDrawn) {
  Rng rng(1);
  std::set<Uuid> drawn;
  for (int i = 0; i < 1000; ++i) drawn.insert(Uuid::random(rng));
  EXPECT_EQ(drawn.size(), 1000U);
  EXPECT_FALSE(drawn.contains(Uuid{}));
}

TEST(WorkerIdTest, IsShownWithItsLetter) {
  EXPECT_EQ(WorkerId{12}.to_string(), "w12");
}

}  // namespace
}  // namespace kipu
