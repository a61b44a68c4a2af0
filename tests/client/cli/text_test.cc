#include "client/cli/text.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace kipu::cli {
namespace {

using namespace std::string_literals;

TEST(TextTest, KnowsUtf8) {
  for (const auto& good : {""s, "plain"s, "\0"s, "żółw"s, "\xF0\x9F\x90\xA2"s, "\xED\x9F\xBF"s}) {
    EXPECT_TRUE(is_utf8(good)) << printable(good);
  }
  for (const auto& bad : {"\xFF"s, "\xC0\x80"s, "\xE0\x80\x80"s, "\xED\xA0\x80"s, "a\xC3"s,
                          "\xF4\x90\x80\x80"s, "\x80"s, "\xE2\x82"s}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(TextTest, ShowsBytesThatATerminalWouldObeyAsHex) {
  EXPECT_EQ(printable("a\tb\x1b[0m\x7F"), R"(a\x09b\x1B[0m\x7F)");
  EXPECT_EQ(printable("\xFFż\0"s), R"(\xFFż\x00)");
  EXPECT_EQ(printable("\xC2\x9B"), R"(\xC2\x9B)");
  EXPECT_EQ(printable(R"(\x00)"), R"(\\x00)");
}

TEST(TextTest, CutsWhatIsQuotedAtACharacter) {
  EXPECT_EQ(in_quotes("fruit"), "'fruit'");
  const std::string long_text = std::string(59, 'x') + "żżżż";
  EXPECT_EQ(in_quotes(long_text), "'" + std::string(59, 'x') + "…' (67 bytes)");
}

TEST(TextTest, CodesBase64AsTheStandardDoes) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    std::string encoded;
    append_base64(encoded, bytes);
    EXPECT_EQ(encoded, text);
    EXPECT_EQ(parse_base64(text), bytes);
  }
  for (const char* bad : {"Zg=", "Zg", "Z===", "Zm9v!A==", "Zg==Zg=="}) {
    EXPECT_FALSE(parse_base64(bad)) << bad;
  }
}

TEST(TextTest, Base64GivesAnyBytesBack) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    std::string encoded;
    append_base64(encoded, bytes);
    RC_ASSERT(parse_base64(encoded) == bytes);
  }));
}

TEST(TextTest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> words{"append", "get", "status"};
  EXPECT_EQ(nearest("apend", words), "append");
  EXPECT_EQ(nearest("gt", words), "get");
  EXPECT_EQ(nearest("statsu", words), "status");
  EXPECT_EQ(nearest("xylophone", words), std::nullopt);
}

}  // namespace
}  // namespace kipu::cli
