#include "examples/files/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace files {
namespace {

using testing::ElementsAre;

TEST(WordsTest, SplitsAtBlanksAndKeepsWhatIsQuoted) {
  EXPECT_THAT(*split_words("  a\tb  "), ElementsAre("a", "b"));
  EXPECT_THAT(*split_words(R"(a\ b 'c "d' "e 'f" g"h i"j '')"),
              ElementsAre("a b", "c \"d", "e 'f", "gh ij", ""));
  EXPECT_THAT(*split_words(R"(\n\t\x41\xff '\n')"), ElementsAre("\n\tA\xff", "\\n"));
}

TEST(WordsTest, RefusesWhatIsNotClosed) {
  for (const char* line : {"'a", "\"a", "\\", "\\x4", "\\xzz", "\\q"}) {
    EXPECT_EQ(split_words(line).error().code, kipu::ErrorCode::invalid_argument) << line;
  }
}

TEST(WordsTest, FindsTheWordThatIsBeingTyped) {
  const Unfinished typed = split_unfinished("upload a\\ b 'c d");
  EXPECT_THAT(typed.before, ElementsAre("upload", "a b"));
  EXPECT_EQ(typed.last, "c d");
  EXPECT_EQ(typed.start, 12U);
  const Unfinished next = split_unfinished("upload ");
  EXPECT_THAT(next.before, ElementsAre("upload"));
  EXPECT_EQ(next.last, "");
  EXPECT_EQ(next.start, 7U);
}

TEST(WordsTest, QuotesAnyBytesSoThatTheyComeBack) {
  EXPECT_TRUE(rc::check("quote, split", [](const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += ' ' + quote_word(word);
    const auto split = split_words(line);
    RC_ASSERT(split.has_value());
    RC_ASSERT(*split == words);
  }));
}

}  // namespace
}  // namespace files
