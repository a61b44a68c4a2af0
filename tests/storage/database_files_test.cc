#include "storage/database_files.h"

#include <fstream>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/little_endian.h"
#include "storage/files.h"
#include "tests/support/process.h"

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

TEST(DatabaseFilesTest, FindsWhatIsNoFileBeforeAnybodyOpensIt) {
  const test::TempDirectory home;
  std::ofstream(home / "000003.log") << "x";
  EXPECT_TRUE(check_any_log(home.path()));
  ASSERT_EQ(::mkfifo((home / "000009.ldb").c_str(), 0600), 0);
  for (const Status& found : {check_any_log(home.path()),
                              check_database_files(home.path()).map([](const DatabaseFiles&) {})}) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt);
    EXPECT_EQ(found.error().message,
              (home / "000009.ldb").string() + " is a named pipe, and no file");
  }
  EXPECT_EQ(read_file(home / "000009.ldb", 10).error().code, ErrorCode::corrupt);
  EXPECT_EQ(write_file(home / "000009.ldb", "x").error().code, ErrorCode::io_error);
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
