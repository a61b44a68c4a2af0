#include "storage/store_file.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::storage {
namespace {

StoreInfo some_info() {
  StoreInfo info{
      StoreId{Uuid{1, 2}}, ClusterId{Uuid{3, 4}}, {{5, 2}, {6}, {7}}, std::string("map\0bytes", 9)};
  info.forgotten_runs = 8;
  info.whole = {Wholeness::Kind::all_but, {{0}, {9}, {65'535}}, {3, 4}};
  return info;
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
  EXPECT_EQ(decoded.forgotten_runs, some_info().forgotten_runs);
  EXPECT_EQ(decoded.whole, some_info().whole);
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

TEST(StoreFileTest, ReadsWhatVersionOneWrote) {
  const auto written_by_version_one = [](StoreInfo info) {
    info.whole = {};
    std::string bytes = encode_store_file(info);
    bytes[8] = 1;
    bytes.resize(bytes.size() - 17 - 3 * 8);  // what version 2 added
    return with_checksum(bytes);
  };
  const StoreInfo whole = decode_store_file(written_by_version_one(some_info())).value();
  EXPECT_EQ(whole.runs, (std::vector<storage::Run>{{5}, {6}, {7}}));
  EXPECT_EQ(whole.map, some_info().map);
  EXPECT_EQ(whole.whole, (Wholeness{Wholeness::Kind::all_but, {}}));
  EXPECT_EQ(whole.forgotten_runs, 0U);
  StoreInfo without_map = some_info();
  without_map.map.clear();
  const StoreInfo unborn = decode_store_file(written_by_version_one(without_map)).value();
  EXPECT_EQ(unborn.whole, Wholeness{});
}

TEST(StoreFileTest, KeepsThatALossIsAccepted) {
  StoreInfo info = some_info();
  info.whole = {Wholeness::Kind::none, {}, {7}, true};
  EXPECT_EQ(decode_store_file(encode_store_file(info)).value().whole, info.whole);
}

TEST(StoreFileTest, RefusesAWholenessThatCannotBe) {
  const auto code_with = [](const Wholeness& whole) {
    StoreInfo info = some_info();
    info.whole = whole;
    return code_of(encode_store_file(info));
  };
  using Kind = Wholeness::Kind;
  EXPECT_EQ(code_with({Kind::all_but, {}}), ErrorCode::internal) << "it is right";
  EXPECT_EQ(code_with({Kind::all_but, {{2}, {1}}}), ErrorCode::corrupt);
  EXPECT_EQ(code_with({Kind::all_but, {{1}, {1}}}), ErrorCode::corrupt);
  EXPECT_EQ(code_with({Kind::all_but, {{65'536}}}), ErrorCode::corrupt);
  EXPECT_EQ(code_with({Kind::none, {{1}}}), ErrorCode::corrupt);
  EXPECT_EQ(code_with({static_cast<Kind>(3), {}}), ErrorCode::corrupt);
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
