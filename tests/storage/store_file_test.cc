#include "storage/store_file.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::storage {
namespace {

StoreInfo some_info() {
  return {StoreId{Uuid{1, 2}}, ClusterId{Uuid{3, 4}}, {5, 6, 7}, std::string("map\0bytes", 9)};
}

ErrorCode code_of(const std::string& bytes) {
  const Result<StoreInfo> decoded = decode_store_file(bytes);
  return decoded ? ErrorCode::internal : decoded.error().code;
}

TEST(StoreFileTest, DecodesWhatItEncoded) {
  const StoreInfo decoded = decode_store_file(encode_store_file(some_info())).value();
  EXPECT_EQ(decoded.store, some_info().store);
  EXPECT_EQ(decoded.cluster, some_info().cluster);
  EXPECT_EQ(decoded.runs, some_info().runs);
  EXPECT_EQ(decoded.map, some_info().map);
}

TEST(StoreFileTest, NoticesEveryFlippedBit) {
  const std::string good = encode_store_file(some_info());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(code_of(bad), ErrorCode::corrupt) << "bit " << bit;
  }
}

TEST(StoreFileTest, NoticesEveryMissingEnd) {
  const std::string good = encode_store_file(some_info());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(code_of(good.substr(0, size)), ErrorCode::corrupt) << size << " bytes";
  }
  EXPECT_EQ(code_of(good + '\0'), ErrorCode::corrupt);
}

// `bytes` with the checksum that its content asks for.
std::string with_checksum(std::string bytes) {
  bytes.resize(bytes.size() - sizeof(std::uint64_t));
  append_le(bytes, hash64(bytes));
  return bytes;
}

TEST(StoreFileTest, KnowsANewerVersionFromADamagedOne) {
  std::string bytes = encode_store_file(some_info());
  bytes[8] = static_cast<char>(kFormatVersion + 1);
  EXPECT_EQ(code_of(with_checksum(bytes)), ErrorCode::newer_format);
  bytes[8] = 0;
  EXPECT_EQ(code_of(with_checksum(bytes)), ErrorCode::corrupt);
}

TEST(StoreFileTest, DecodesAnyContentUnderARightChecksumWithoutHarm) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = encode_store_file(some_info());
    const std::size_t at = *rc::gen::inRange<std::size_t>(12, bytes.size());
    bytes[at] = *rc::gen::arbitrary<char>();
    bytes.resize(*rc::gen::inRange<std::size_t>(20, bytes.size() + 20), '\xff');
    const Result<StoreInfo> decoded = decode_store_file(with_checksum(bytes));
    if (decoded) RC_ASSERT(encode_store_file(*decoded) == with_checksum(bytes));
    if (!decoded) RC_ASSERT(decoded.error().code == ErrorCode::corrupt);
  }));
}

}  // namespace
}  // namespace kipu::storage
