#include "examples/files/text.h"

#include <array>

#include <gtest/gtest.h>

namespace files {
namespace {

TEST(TextTest, ShowsWhatTerminalsWouldObey) {
  EXPECT_EQ(printable("a\x1b[2J\n\xff\\ é"), "a\\x1b[2J\\x0a\\xff\\\\ é");
}

TEST(TextTest, WritesBase64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(TextTest, WritesSizesNumbersAndModes) {
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(std::uint64_t{5} << 30U), "5.0 GiB");
  EXPECT_EQ(format_number(1234567), "1,234,567");
  EXPECT_EQ(format_number(12), "12");
  EXPECT_EQ(format_mode('-', 0754), "-rwxr-xr--");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
}

TEST(TextTest, ReadsTimes) {
  const kipu::WallTime now(std::chrono::hours(100));
  EXPECT_EQ(parse_time("1970-01-02", now)->time_since_epoch(), std::chrono::hours(24));
  EXPECT_EQ(parse_time("1970-01-01T01:00:00Z", now)->time_since_epoch(), std::chrono::hours(1));
  EXPECT_EQ(parse_time("2h", now)->time_since_epoch(), std::chrono::hours(98));
  for (const char* wrong :
       {"", "x", "1970", "1970-13-01", "5", "-5s", "5 s", "99999999999999999999d"}) {
    EXPECT_FALSE(parse_time(wrong, now)) << wrong;
  }
}

TEST(TextTest, FindsTheWordThatWasMeant) {
  constexpr std::array<std::string_view, 2> kWords{"upload", "download"};
  EXPECT_EQ(nearest("uplaod", kWords), "upload");
  EXPECT_EQ(nearest("xyz", kWords), std::nullopt);
}

}  // namespace
}  // namespace files
