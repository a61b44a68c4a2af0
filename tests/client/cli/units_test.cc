#include "client/cli/units.h"

#include <gtest/gtest.h>

namespace kipu::cli {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{std::chrono::milliseconds(1'780'000'000'000)};

TEST(UnitsTest, ReadsDurations) {
  EXPECT_EQ(parse_duration("250ms").value(), Duration(250ms));
  EXPECT_EQ(parse_duration("5s").value(), Duration(5s));
  EXPECT_EQ(parse_duration("1.5m").value(), Duration(90s));
  EXPECT_EQ(parse_duration("2h").value(), Duration(2h));
  EXPECT_EQ(parse_duration("7d").value(), Duration(168h));
}

TEST(UnitsTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "s", "-5s", "5 s", "5sec", "1e300h", "nans"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(UnitsTest, ReadsSizes) {
  EXPECT_EQ(parse_size("512").value(), 512U);
  EXPECT_EQ(parse_size("64KiB").value(), 65'536U);
  EXPECT_EQ(parse_size("1MiB").value(), 1'048'576U);
  EXPECT_EQ(parse_size("1.5KiB").value(), 1536U);
  EXPECT_FALSE(parse_size("64kb"));
  EXPECT_FALSE(parse_size("-1"));
}

TEST(UnitsTest, ReadsNumbersExactly) {
  EXPECT_EQ(parse_number("18446744073709551615").value(), ~std::uint64_t{0});
  for (const char* text : {"", "-1", "1.0", "18446744073709551616", "1 ", "0x1"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(UnitsTest, ReadsRfc3339) {
  const auto at = [](const char* text) { return format_time(parse_time(text, kNow).value()); };
  EXPECT_EQ(at("2026-05-06T07:08:09Z"), "2026-05-06T07:08:09.000Z");
  EXPECT_EQ(at("2026-05-06T07:08:09.123456Z"), "2026-05-06T07:08:09.123Z");
  EXPECT_EQ(at("2026-05-06T07:08:09+02:00"), "2026-05-06T05:08:09.000Z");
  EXPECT_EQ(at("2026-05-06T07:08:09-00:30"), "2026-05-06T07:38:09.000Z");
  EXPECT_EQ(at("2026-05-06"), "2026-05-06T00:00:00.000Z");
}

TEST(UnitsTest, ReadsTimesAgo) {
  EXPECT_EQ(parse_time("10m", kNow).value(), kNow - 10min);
  EXPECT_EQ(parse_time("now", kNow).value(), kNow);
}

TEST(UnitsTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2026-02-30", "2026-05-06T25:00:00Z",
                           "2026-05-06T07:08:09", "2026-05-06T07:08:09Zx", "2026-5-6"}) {
    EXPECT_FALSE(parse_time(text, kNow)) << text;
  }
}

TEST(UnitsTest, ReadsTheLevelsThatItNames) {
  for (const Level level : {Level::one, Level::quorum, Level::all, Level::none}) {
    EXPECT_EQ(parse_level(level_name(level)).value(), level);
  }
  EXPECT_FALSE(parse_level("most"));
}

TEST(UnitsTest, ShowsDurationsInTheUnitThatSuits) {
  EXPECT_EQ(format_duration(12us), "12 µs");
  EXPECT_EQ(format_duration(3400us), "3.4 ms");
  EXPECT_EQ(format_duration(5s), "5.0 s");
  EXPECT_EQ(format_duration(192s), "3m12s");
  EXPECT_EQ(format_duration(125min), "2h05m");
  EXPECT_EQ(format_duration(76h), "3d04h");
}

TEST(UnitsTest, ShowsSizesAndNumbers) {
  EXPECT_EQ(format_size(512), "512 B");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(std::uint64_t{2} << 30U), "2.0 GiB");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(999), "999");
  EXPECT_EQ(format_number(1838841), "1,838,841");
}

}  // namespace
}  // namespace kipu::cli
