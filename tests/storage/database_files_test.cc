#include "storage/database_files.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::storage {
namespace {

DatabaseFiles some_files() {
  return {7, 350, {{5, 17'000'000}, {8, 40}}};
}

bool is_corrupt(const std::string& bytes) {
  const auto decoded = decode_database_files(bytes);
  return !decoded && decoded.error().code == ErrorCode::corrupt;
}

TEST(DatabaseFilesTest, DecodesWhatItEncoded) {
  EXPECT_EQ(decode_database_files(encode_database_files(some_files())).value(), some_files());
  EXPECT_EQ(decode_database_files(encode_database_files({})).value(), DatabaseFiles{});
}

TEST(DatabaseFilesTest, NoticesEveryFlippedBitAndEveryMissingEnd) {
  const std::string good = encode_database_files(some_files());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(is_corrupt(bad)) << "bit " << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(is_corrupt(good.substr(0, size))) << size << " bytes";
  }
  EXPECT_TRUE(is_corrupt(good + '\0'));
}

TEST(DatabaseFilesTest, DecodesAnyContentUnderARightChecksumWithoutHarm) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = encode_database_files(some_files());
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = *rc::gen::arbitrary<char>();
    bytes.resize(*rc::gen::inRange<std::size_t>(8, bytes.size() + 20), '\xff');
    bytes.resize(bytes.size() - sizeof(std::uint64_t));
    append_le(bytes, hash64(bytes));
    const auto decoded = decode_database_files(bytes);
    if (decoded) RC_ASSERT(encode_database_files(*decoded) == bytes);
    if (!decoded) RC_ASSERT(is_corrupt(bytes));
  }));
}

TEST(DatabaseFilesTest, KnowsLogsAndManifestsByTheirNames) {
  EXPECT_EQ(log_number("/a/db/000012.log"), 12U);
  EXPECT_EQ(log_number("12345678.log"), 12'345'678U);
  EXPECT_EQ(manifest_number("db/MANIFEST-000003"), 3U);
  for (const char* name : {"", ".log", "LOG", "a.log", "000012.ldb", "000012.log.gz", "-1.log",
                           "000012.log/x", "99999999999999999999.log"}) {
    EXPECT_EQ(log_number(name), std::nullopt) << name;
  }
  for (const char* name : {"", "MANIFEST-", "MANIFEST-x", "MANIFEST-3.old", "MANIFEST"}) {
    EXPECT_EQ(manifest_number(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace kipu::storage
