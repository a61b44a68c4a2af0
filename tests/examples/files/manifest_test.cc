#include "examples/files/manifest.h"

#include <gtest/gtest.h>

#include "examples/files/chunker.h"

namespace files {
namespace {

Version some_version() {
  Version version;
  version.name = "a/b\n\xff";
  version.mode = 0644;
  version.seconds = -5;
  version.nanoseconds = 999'999'999;
  version.size = 100 + (std::uint64_t{5} << 30U);
  version.content = sha256("content");
  version.refs = {{RefKind::data, 100, sha256("chunk")},
                  {RefKind::hole, std::uint64_t{5} << 30U, {}}};
  return version;
}

TEST(ManifestTest, ReadsTheVersionThatItWrote) {
  const auto read = decode_version(encode(some_version()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, some_version());
}

TEST(ManifestTest, WritesBytesThatStay) {
  Version version;
  version.name = "n";
  version.mode = 0600;
  version.seconds = 1;
  version.nanoseconds = 2;
  version.size = 3;
  version.refs = {{RefKind::hole, 3, {}}};
  std::string expected("\x01\x01\x80\x01\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0", 26);
  expected += std::string(32, '\0') + std::string("\x01\0\0\0n\x01\0\0\0\0\x03\0\0\0\0\0\0\0", 18);
  EXPECT_EQ(encode(version), expected);
}

TEST(ManifestTest, RefusesEveryShorterAndEveryLongerVersion) {
  const std::string bytes = encode(some_version());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_version(bytes.substr(0, length))) << length;
  }
  EXPECT_FALSE(decode_version(bytes + '\0'));
}

TEST(ManifestTest, RefusesChunksThatDoNotAddUp) {
  Version version = some_version();
  ++version.size;
  EXPECT_EQ(decode_version(encode(version)).error().code, kipu::ErrorCode::corrupt);
  version = some_version();
  version.refs[1].length = ~std::uint64_t{0};  // their sum would be right, modulo 2^64
  version.size = 99;
  EXPECT_EQ(decode_version(encode(version)).error().code, kipu::ErrorCode::corrupt);
}

TEST(ManifestTest, RefusesAChunkThatNoProgramCuts) {
  Version version = some_version();
  version.refs = {{RefKind::data, kChunkSizes.most + 1, sha256("chunk")}};
  version.size = kChunkSizes.most + 1;
  EXPECT_EQ(decode_version(encode(version)).error().code, kipu::ErrorCode::corrupt);
}

TEST(ManifestTest, SaysThatALaterProgramWroteIt) {
  std::string bytes = encode(some_version());
  bytes[0] = 2;
  EXPECT_EQ(decode_version(bytes).error().code, kipu::ErrorCode::newer_format);
}

TEST(ManifestTest, ReadsTheListThatItWrote) {
  const std::vector<Ref> refs{{RefKind::data, 7, sha256("a")}, {RefKind::list, 900, sha256("b")}};
  EXPECT_EQ(*decode_list(encode_list(refs), 907), refs);
  EXPECT_FALSE(decode_list(encode_list(refs), 906));
}

}  // namespace
}  // namespace files
