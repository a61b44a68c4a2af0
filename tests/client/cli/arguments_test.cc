#include "client/cli/arguments.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kipu::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kKnown{
    OptionSpec{"limit", '\0', "N", ""},
    OptionSpec{"output", 'o', "FORMAT", ""},
    OptionSpec{"null", '0', "", ""},
    OptionSpec{"broker", '\0', "ENDPOINT", ""},
};

Result<Arguments> parse(const std::vector<std::string>& words) {
  Arguments arguments;
  const auto end = parse_words(words, kKnown, false, arguments);
  if (!end) return fail(end.error());
  return arguments;
}

TEST(ArgumentsTest, MixesOptionsAndOperands) {
  const auto arguments = parse({"key", "--limit", "3", "value", "-o", "json"});
  ASSERT_TRUE(arguments);
  EXPECT_THAT(arguments->operands(), ElementsAre("key", "value"));
  EXPECT_EQ(arguments->get("limit"), "3");
  EXPECT_EQ(arguments->get("output"), "json");
}

TEST(ArgumentsTest, TakesBracketsAndEmptyWordsAsTheyAre) {
  const auto arguments = parse({"[1,2]", "[]", "", "{a}", "a=b", "-"});
  ASSERT_TRUE(arguments);
  EXPECT_THAT(arguments->operands(), ElementsAre("[1,2]", "[]", "", "{a}", "a=b", "-"));
}

TEST(ArgumentsTest, TakesWhateverFollowsTheDashesLiterally) {
  const auto arguments = parse({"first", "--", "-x", "--", "--limit", "-"});
  ASSERT_TRUE(arguments);
  EXPECT_THAT(arguments->operands(), ElementsAre("first", "-x", "--", "--limit", "-"));
  EXPECT_FALSE(arguments->literal(0));
  EXPECT_TRUE(arguments->literal(1));
  EXPECT_FALSE(arguments->has("limit"));
}

TEST(ArgumentsTest, ReadsValuesGluedOn) {
  const auto arguments = parse({"--limit=7", "-ojsonl", "--broker="});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->get("limit"), "7");
  EXPECT_EQ(arguments->get("output"), "jsonl");
  EXPECT_EQ(arguments->get("broker"), "");
}

TEST(ArgumentsTest, TakesTheNextWordAsAValueWhateverItLooksLike) {
  const auto arguments = parse({"--limit", "--", "key"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->get("limit"), "--");
  EXPECT_THAT(arguments->operands(), ElementsAre("key"));
}

TEST(ArgumentsTest, KeepsEveryValueOfARepeatedOptionAndPrefersTheLast) {
  const auto arguments = parse({"--broker", "a", "--broker", "b"});
  ASSERT_TRUE(arguments);
  EXPECT_THAT(arguments->all("broker"), ElementsAre("a", "b"));
  EXPECT_EQ(arguments->get("broker"), "b");
}

TEST(ArgumentsTest, RefusesAnUnknownOptionAndNamesTheNearest) {
  const auto arguments = parse({"key", "--limt", "3"});
  ASSERT_FALSE(arguments);
  EXPECT_EQ(arguments.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(arguments.error().message, HasSubstr("did you mean --limit?"));
  EXPECT_THAT(arguments.error().message, HasSubstr("after `--`"));
}

TEST(ArgumentsTest, RefusesAValueThatLooksLikeAnOption) {
  EXPECT_FALSE(parse({"key", "-x"}));
  EXPECT_FALSE(parse({"key", "-5"}));
}

TEST(ArgumentsTest, RefusesAMissingValueAndOneForAFlag) {
  EXPECT_THAT(parse({"--limit"}).error().message, HasSubstr("--limit N"));
  EXPECT_THAT(parse({"--null=1"}).error().message, HasSubstr("takes no value"));
}

TEST(ArgumentsTest, StopsAtTheCommandWhenAsked) {
  Arguments arguments;
  const std::vector<std::string> words{"-o", "json", "get", "--unknown"};
  const auto at = parse_words(words, kKnown, true, arguments);
  ASSERT_TRUE(at);
  EXPECT_EQ(*at, 2U);
  EXPECT_EQ(arguments.get("output"), "json");
}

}  // namespace
}  // namespace kipu::cli
