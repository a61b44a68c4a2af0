#include "examples/files/arguments.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kKnown{OptionSpec{"as", '\0', "NAME", ""}, OptionSpec{"force", 'f', "", ""},
                            OptionSpec{"jobs", 'j', "N", ""}};

kipu::Result<Arguments> parse(const std::vector<std::string>& words) {
  return parse_arguments(words, kKnown);
}

TEST(ArgumentsTest, TellsOptionsFromOperands) {
  const auto parsed = parse({"a", "--as", "-x", "-f", "-j3", "--", "--as"});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->operands, ElementsAre("a", "--as"));
  EXPECT_EQ(parsed->value("as"), "-x");
  EXPECT_TRUE(parsed->has("force"));
  EXPECT_EQ(parsed->value("jobs"), "3");
  EXPECT_EQ(parse({"--as=", "-"})->value("as"), "");
}

TEST(ArgumentsTest, KeepsOperandsAsTheyAre) {
  EXPECT_THAT(parse({"[]", "", "a b\n\xff", "-"})->operands,
              ElementsAre("[]", "", "a b\n\xff", "-"));
}

TEST(ArgumentsTest, SaysWhatIsWrongAndWhatToDo) {
  EXPECT_THAT(parse({"--forse"}).error().message, HasSubstr("did you mean --force?"));
  EXPECT_THAT(parse({"-z"}).error().message, HasSubstr("goes after --"));
  EXPECT_THAT(parse({"--as"}).error().message, HasSubstr("--as NAME"));
  EXPECT_THAT(parse({"--force=yes"}).error().message, HasSubstr("takes no value"));
}

}  // namespace
}  // namespace files
