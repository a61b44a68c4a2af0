#include "examples/files/manual.h"

#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "examples/files/text.h"

namespace files {
namespace {

std::size_t characters(const std::string& line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80 ? 1 : 0;
  return count;
}

TEST(ManualTest, NamesEveryCommandAndOptionWithinTheWidthOfATerminal) {
  std::string all = manual();
  for (const CommandSpec& command : all_commands()) {
    EXPECT_NE(all.find("\n    " + std::string(command.name)), std::string::npos) << command.name;
    const std::string page = manual_of(command);
    for (const OptionSpec& option : command.options) {
      EXPECT_NE(page.find("--" + std::string(option.name)), std::string::npos) << option.name;
    }
    all += page;
  }
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(characters(line), 79U) << line;
}

TEST(ManualTest, GivesEachOptionOneMeaningInACommand) {
  for (const CommandSpec& command : all_commands()) {
    std::set<std::string_view> names;
    std::set<char> letters;
    std::vector<OptionSpec> options(command.options.begin(), command.options.end());
    options.insert(options.end(), program_options().begin(), program_options().end());
    for (const OptionSpec& option : options) {
      EXPECT_TRUE(names.insert(option.name).second) << option.name;
      EXPECT_TRUE(option.letter == '\0' || letters.insert(option.letter).second) << option.name;
    }
  }
}

TEST(ManualTest, FindsCommandsByTheirOtherNames) {
  EXPECT_EQ(find_command("quit"), find_command("exit"));
  EXPECT_EQ(find_command("help"), find_command("man"));
  EXPECT_EQ(find_command("remove"), nullptr);
}

}  // namespace
}  // namespace files
