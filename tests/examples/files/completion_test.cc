#include "examples/files/completion.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace files {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> stored(const std::string& prefix) {
  std::vector<std::string> names;
  for (const char* name : {"docs/a b", "docs/c", "photo"}) {
    if (std::string(name).starts_with(prefix)) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> words(std::string_view line) {
  return complete(line, stored).words;
}

TEST(CompletionTest, CompletesCommandsAndTheirOptions) {
  EXPECT_THAT(words("do"), ElementsAre("download"));
  EXPECT_THAT(words("man hi"), ElementsAre("history"));
  EXPECT_THAT(words("upload --ver"), ElementsAre("--verify"));
  EXPECT_THAT(words("nonsense x"), IsEmpty());
}

TEST(CompletionTest, CompletesStoredNamesFolderByFolder) {
  EXPECT_THAT(words("info "), ElementsAre("docs/", "photo"));
  EXPECT_THAT(words("info docs/a\\ "), ElementsAre("docs/a b"));
  EXPECT_EQ(complete("info docs/", stored).start, 5U);
}

TEST(CompletionTest, CompletesLocalPathsAndFoldersOnlyWhereOneIsNeeded) {
  const kipu::test::TempDirectory directory;
  std::filesystem::create_directory(directory / "sub");
  std::ofstream(directory / "some file").put('x');
  const std::string start = (directory / "s").native();
  EXPECT_THAT(words("upload " + start), ElementsAre(start + "ome file", start + "ub/"));
  EXPECT_THAT(words("cd " + start), ElementsAre(start + "ub/"));
  EXPECT_THAT(words("download photo " + start), ElementsAre(start + "ub/"));
  EXPECT_THAT(local_paths(directory.path().native() + "/none/", false), IsEmpty());
}

TEST(CompletionTest, FindsWhatWordsHaveInCommonUpToWholeCharacters) {
  EXPECT_EQ(common_start({"abc", "abd"}), "ab");
  EXPECT_EQ(common_start({"\xc3\xa9", "\xc3\xa8"}), "");
  EXPECT_EQ(common_start({"one"}), "one");
  EXPECT_EQ(common_start({}), "");
}

}  // namespace
}  // namespace files
