#include "examples/callgraph/indexer/compile_commands.h"

#include <fstream>

#include <gmock/gmock.h>

#include "examples/callgraph/indexer/source_files.h"
#include "tests/support/process.h"

namespace callgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

TEST(SplitCommandTest, UnderstandsQuotesAndBackslashes) {
  EXPECT_THAT(split_command(R"(g++ -DNAME="a b" '-DX=\"y\"' a\ b.cc '' )"),
              ElementsAre("g++", "-DNAME=a b", R"(-DX=\"y\")", "a b.cc", ""));
  EXPECT_THAT(split_command(R"(cc -DS=\"text\" "q\"q")"),
              ElementsAre("cc", R"(-DS="text")", "q\"q"));
  EXPECT_THAT(split_command("  "), ElementsAre());
}

std::vector<std::string> fit(const std::string& command) {
  return fit_for_clang(split_command(command), "/src/build", "a.cc", "/src").arguments;
}

TEST(FitForClangTest, KeepsWhatChangesTheMeaning) {
  EXPECT_THAT(fit("g++ -I ../include -DNDEBUG -std=c++20 -include pre.h -iquote q a.cc"),
              ElementsAre("clang++", "-working-directory=/src/build", "-w", "-ferror-limit=0", "-I",
                          "../include", "-D", "NDEBUG", "-std=c++20", "-include", "pre.h",
                          "-iquote", "q", "/src/build/a.cc"));
}

TEST(FitForClangTest, DropsOutputWarningsLaunchersAndWhatOnlyGccKnows) {
  EXPECT_THAT(fit("CCACHE_DIR=/x /usr/bin/ccache /usr/bin/g++ -c -o a.o -MD -MF a.d -MT a.o -Wall "
                  "-Werror -g3 -fno-var-tracking -fconserve-stack a.cc"),
              ElementsAre("clang++", "-working-directory=/src/build", "-w", "-ferror-limit=0",
                          "/src/build/a.cc"));
}

TEST(FitForClangTest, TakesTheProjectsOwnSystemDirectoriesForItsCode) {
  const auto arguments = fit("g++ -isystem /src/generated -isystem /usr/include/x a.cc");
  EXPECT_THAT(arguments, IsSupersetOf({"-I", "/src/generated", "-isystem", "/usr/include/x"}));
}

TEST(FitForClangTest, TellsTheLanguage) {
  const auto language = [](const char* command, const char* source) {
    return fit_for_clang(split_command(command), "/w", source, "/w").language;
  };
  EXPECT_EQ(language("gcc -std=gnu11 a.c", "a.c"), "C11");
  EXPECT_EQ(language("gcc a.c", "a.c"), "C");
  EXPECT_EQ(language("g++ -std=c++2a a.cc", "a.cc"), "C++20");
  EXPECT_EQ(language("g++ a.c", "a.c"), "C++");
  EXPECT_EQ(language("gcc -x c++ a.c", "a.c"), "C++");
}

TEST(ReadCompileCommandsTest, ReadsBothForms) {
  const kipu::test::TempDirectory directory;
  std::ofstream(directory / "compile_commands.json")
      << R"([{"directory": ")" << directory.path().string()
      << R"(", "file": "a.c", "command": "cc -DA a.c"},)"
      << R"({"directory": ".", "file": "b.cc", "arguments": ["c++", "-DB", "b.cc"]}])";
  const auto commands = read_compile_commands(directory.path(), directory.path());
  ASSERT_TRUE(commands) << commands.error().message;
  ASSERT_EQ(commands->size(), 2U);
  EXPECT_THAT((*commands)[0].arguments, Contains("A"));
  EXPECT_THAT((*commands)[1].arguments, Contains("B"));
  EXPECT_EQ((*commands)[1].source.filename(), "b.cc");
  EXPECT_TRUE((*commands)[1].source.is_absolute());
}

TEST(ReadCompileCommandsTest, SaysWhatToDoWithoutACompileDatabase) {
  const kipu::test::TempDirectory directory;
  const auto none = read_compile_commands(directory.path(), directory.path());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("CMAKE_EXPORT_COMPILE_COMMANDS"));
  std::ofstream(directory / "compile_commands.json") << "{";
  const auto broken = read_compile_commands(directory.path(), directory.path());
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("no compile database"));
  std::ofstream(directory / "compile_commands.json") << R"([{"directory": "."}])";
  EXPECT_FALSE(read_compile_commands(directory.path(), directory.path()));
}

TEST(SourceFilesTest, DigestsAreThoseOfTheStandards) {
  EXPECT_EQ(md5_of("abc"), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321
  EXPECT_EQ(adler32_of("Wikipedia"), 0x11E60398U);
}

TEST(SourceFilesTest, PathsBelowTheRootAreRelativeToIt) {
  EXPECT_EQ(relative_to("/src/a", "/src/a/b/c.h"), "b/c.h");
  EXPECT_EQ(relative_to("/src/a", "/src/ab/c.h"), std::nullopt);
  EXPECT_EQ(relative_to("/src/a", "/src/a"), std::nullopt);
}

TEST(SourceFilesTest, Md5DecidesWhereOnlyTheTimeDiffers) {
  const kipu::test::TempDirectory directory;
  std::ofstream(directory / "a.h") << "abc";
  SourceFile file;
  file.path = "a.h";
  file.size = 3;
  file.md5 = md5_of("abc");
  file.adler32 = adler32_of("abc");
  file.modified = modified_time(directory / "a.h");
  EXPECT_EQ(compare_with_disk(directory.path(), file), OnDisk::same);
  file.modified -= 1'000'000;
  EXPECT_EQ(compare_with_disk(directory.path(), file), OnDisk::same);
  file.md5 = md5_of("abd");
  EXPECT_EQ(compare_with_disk(directory.path(), file), OnDisk::changed);
  std::ofstream(directory / "a.h") << "abd";
  file.md5 = md5_of("abc");
  EXPECT_EQ(compare_with_disk(directory.path(), file), OnDisk::changed);
  std::filesystem::remove(directory / "a.h");
  EXPECT_EQ(compare_with_disk(directory.path(), file), OnDisk::gone);
}

}  // namespace
}  // namespace callgraph::test
