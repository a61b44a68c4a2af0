#include "examples/files/codec.h"

#include <gtest/gtest.h>

#include "examples/files/chunker.h"
#include "tests/examples/files/bytes.h"

namespace files {
namespace {

TEST(CodecTest, ReturnsWhatItTook) {
  for (const std::string& content :
       {std::string(), std::string("x"), std::string(kChunkSizes.most, 'a'),
        test::random_bytes(kChunkSizes.most, 1)}) {
    const auto frame = compress(content);
    ASSERT_TRUE(frame);
    EXPECT_EQ(*decompress(*frame, content.size()), content);
    EXPECT_EQ(*decompress_up_to(*frame, content.size()), content);
  }
}

TEST(CodecTest, FitsWhatDoesNotCompressIntoAPair) {
  const auto frame = compress(test::random_bytes(kChunkSizes.most, 2));
  ASSERT_TRUE(frame);
  EXPECT_LT(frame->size() + 32, std::size_t{1} << 20U);
}

TEST(CodecTest, RefusesWhatIsNotAFrameOfThatSize) {
  const std::string frame = *compress(std::string(1000, 'a'));
  EXPECT_EQ(decompress(frame, 999).error().code, kipu::ErrorCode::corrupt);
  EXPECT_EQ(decompress(frame, 1001).error().code, kipu::ErrorCode::corrupt);
  EXPECT_EQ(decompress_up_to(frame, 999).error().code, kipu::ErrorCode::corrupt);
  EXPECT_EQ(decompress("rubbish", 7).error().code, kipu::ErrorCode::corrupt);
  EXPECT_EQ(decompress("", 1).error().code, kipu::ErrorCode::corrupt);
  EXPECT_EQ(decompress(frame.substr(0, frame.size() - 3), 1000).error().code,
            kipu::ErrorCode::corrupt);
}

}  // namespace
}  // namespace files
