#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/buffer.h"
#include "base/little_endian.h"
#include "base/time.h"

namespace kipu {
namespace {

TEST(BufferTest, KeepsTheAddressOfItsBytesWhenMoved) {
  Buffer first(std::string(100, 'x'));
  const char* const at = first.view().data();
  const Buffer second = std::move(first);
  EXPECT_EQ(second.view().data(), at);
  EXPECT_EQ(second.size(), 100U);
}

TEST(BufferTest, ShowsShortStringsAfterAMove) {
  // A short string lies within its object, so this fails if the object itself is moved.
  Buffer first(std::string("ab"));
  Buffer second;
  second = std::move(first);
  EXPECT_EQ(second.view(), "ab");
  EXPECT_EQ(second.copy().view(), "ab");
}

TEST(BufferTest, ShowsWhatItsOwnerHolds) {
  const Buffer adopted = Buffer::adopt(
      std::string("[frame]"),
      [](const std::string& s) -> std::string_view { return std::string_view(s).substr(1, 5); });
  EXPECT_EQ(adopted.view(), "frame");
}

TEST(EndianTest, WritesLittleAndBigEnd) {
  std::string bytes;
  append_le(bytes, std::uint16_t{0x0102});
  append_be(bytes, std::uint16_t{0x0102});
  append_be(bytes, std::uint8_t{7});
  EXPECT_EQ(bytes, std::string("\x02\x01\x01\x02\x07", 5));
  EXPECT_EQ(load_le<std::uint16_t>(bytes.data()), 0x0102);
  EXPECT_EQ(load_be<std::uint16_t>(bytes.data() + 2), 0x0102);
}

TEST(InstantTest, SaturatesAtNever) {
  const Instant now = Instant::since_start(std::chrono::seconds(1));
  EXPECT_EQ(now + Duration::max(), Instant::never());
  EXPECT_EQ((now + std::chrono::seconds(2)) - now, std::chrono::seconds(2));
}

}  // namespace
}  // namespace kipu
