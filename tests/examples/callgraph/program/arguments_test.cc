#include "examples/callgraph/program/arguments.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "examples/callgraph/program/ask_command.h"
#include "examples/callgraph/program/times.h"

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

kipu::Result<Arguments> parsed(std::vector<std::string> words) {
  return Arguments::parse(words);
}

std::string refusal(std::vector<std::string> words) {
  const auto arguments = parsed(std::move(words));
  EXPECT_FALSE(arguments);
  return arguments ? std::string() : arguments.error().message;
}

TEST(ArgumentsTest, OptionsStandAnywhereAndInEverySpelling) {
  const auto arguments = parsed({"--graph", "g", "callers", "-d3", "f", "--limit=9", "-o", "json"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->command().name, "callers");
  EXPECT_THAT(arguments->operands(), ElementsAre("f"));
  EXPECT_EQ(*arguments->number("depth", 0, 1), 3U);
  EXPECT_EQ(*arguments->number("limit", 1, 1), 9U);
  EXPECT_EQ(arguments->get("output"), "json");
  EXPECT_EQ(arguments->place({})->graph, "g");
}

TEST(ArgumentsTest, NamesThatBeginWithADashFollowTwoOfThem) {
  EXPECT_THAT(parsed({"callers", "--", "-f"})->operands(), ElementsAre("-f"));
}

TEST(ArgumentsTest, MistakesAreNamedWithWhatToWrite) {
  EXPECT_THAT(refusal({"callerz"}), HasSubstr("there is no command 'callerz'"));
  EXPECT_THAT(refusal({"callers"}), HasSubstr("usage: callgraph callers SYMBOL"));
  EXPECT_THAT(refusal({"callers", "f", "--roots", "x"}), HasSubstr("has no option --roots"));
  EXPECT_THAT(refusal({"callers", "f", "--nope"}), HasSubstr("there is no option --nope"));
  EXPECT_THAT(refusal({"callers", "f", "--depth"}), HasSubstr("--depth needs a value"));
  EXPECT_THAT(refusal({"callers", "f", "--all=1"}), HasSubstr("takes no value"));
  const auto number = parsed({"callers", "f", "--depth", "3x"});
  EXPECT_THAT(number->number("depth", 0, 1).error().message, HasSubstr("not '3x'"));
}

TEST(ArgumentsTest, AFlagBeatsTheEnvironment) {
  EXPECT_THAT(parsed({"files", "--broker", "tcp://a:1"})->place("tcp://b:1")->brokers,
              ElementsAre("tcp://a:1"));
  EXPECT_THAT(parsed({"files"})->place("tcp://b:1,tcp://c:1")->brokers,
              ElementsAre("tcp://b:1", "tcp://c:1"));
  EXPECT_THAT(parsed({"files"})->place({})->brokers, ElementsAre("tcp://127.0.0.1:7400"));
  EXPECT_FALSE(parsed({"files", "--broker", "a", "--embedded", "b"})->place({}));
}

TEST(HelpTest, EveryCommandHasExamplesAndItsOptionsExist) {
  for (const CommandSpec& command : commands()) {
    const std::string help = help_of(command);
    EXPECT_THAT(help, HasSubstr("\nExamples\n  ")) << command.name;
    std::string_view rest = command.options;
    while (!rest.empty()) {
      const std::string_view option = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(option.size() + 1, rest.size()));
      EXPECT_NE(option_named(option), nullptr) << command.name << " " << option;
    }
    const std::string line = fmt::format("\n  {} ", command.name);
    EXPECT_EQ(overview().find(line) == std::string::npos, command.hidden) << command.name;
  }
}

TEST(TimesTest, ATimeIsMeantToItsEnd) {
  const kipu::WallTime day{std::chrono::sys_days(std::chrono::year(2026) / 5 / 6)};
  const kipu::WallTime now = day + std::chrono::hours(30);
  using namespace std::chrono_literals;
  EXPECT_EQ(end_of("2026-05-06", now), kipu::StampTime::at(day + 24h));
  EXPECT_EQ(end_of("2026-05-06T07:08", now), kipu::StampTime::at(day + 7h + 9min));
  EXPECT_EQ(end_of("2026-05-06T07:08:09Z", now), kipu::StampTime::at(day + 7h + 8min + 10s));
  EXPECT_EQ(end_of("2026-05-06 07:08:09.120", now),
            kipu::StampTime::at(day + 7h + 8min + 9s + 121ms));
  EXPECT_EQ(end_of("2h", now), kipu::StampTime::at(now - 2h + 1ms));
  for (const char* wrong : {"", "2026-02-30", "yesterday", "-3h", "3w", "2026-05-06T25:00", "3"}) {
    EXPECT_FALSE(end_of(wrong, now)) << wrong;
  }
}

}  // namespace
}  // namespace callgraph
