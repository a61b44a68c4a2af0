#include "examples/files/names.h"

#include <set>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace files {
namespace {

TEST(NamesTest, KeysOfNamesAreNamesWhereTheyFit) {
  EXPECT_EQ(key_of_name("a/b c\n"), "a/b c\n");
  const std::string longest(1024, 'x');
  EXPECT_EQ(key_of_name(longest), longest);
  EXPECT_FALSE(is_long_key(longest));
}

TEST(NamesTest, LongNamesHaveKeysOfTheirOwnThatBeginAsTheyDo) {
  std::set<std::string> keys;
  for (const std::size_t length : {1025U, 2000U, 4096U, 65'535U}) {
    for (const char last : {'a', 'b'}) {
      const std::string name = std::string(length - 1, 'x') + last;
      const std::string key = key_of_name(name);
      EXPECT_EQ(key.size(), kipu::limits::kMaxKeyBytes);
      EXPECT_TRUE(is_long_key(key));
      EXPECT_TRUE(key.starts_with(key_prefix(name)));
      keys.insert(key);
    }
  }
  EXPECT_EQ(keys.size(), 8U);
}

TEST(NamesTest, ChecksThatANameIsAPathWithin) {
  for (const char* good : {"a", "a/b", ".hidden", "..a", "a b", "\xff", "-x"}) {
    EXPECT_TRUE(check_name(good)) << good;
  }
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b"}) {
    EXPECT_FALSE(check_name(bad)) << bad;
  }
  EXPECT_FALSE(check_name(std::string_view("a\0b", 3)));
  EXPECT_TRUE(check_name(std::string(kMaxNameBytes, 'x')));
  EXPECT_FALSE(check_name(std::string(kMaxNameBytes + 1, 'x')));
}

TEST(NamesTest, MakesNamesOfPaths) {
  EXPECT_EQ(*name_of_path("/etc//passwd"), "etc/passwd");
  EXPECT_EQ(*name_of_path("./a/./b/"), "a/b");
  EXPECT_EQ(*name_of_path("."), "");
  EXPECT_NE(name_of_path("../a").error().message.find("--as"), std::string::npos);
}

}  // namespace
}  // namespace files
