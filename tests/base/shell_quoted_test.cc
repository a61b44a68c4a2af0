#include "base/shell_quoted.h"

#include <gtest/gtest.h>

namespace kipu {
namespace {

TEST(ShellQuotedTest, LeavesPlainWordsAlone) {
  for (const char* word : {"kipu", "/var/lib/kipu-1/worker_2", "a=b", "tcp://h:1", "x@y,z+%"}) {
    EXPECT_EQ(shell_quoted(word), word);
  }
}

TEST(ShellQuotedTest, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("my data"), "'my data'");
  EXPECT_EQ(shell_quoted("$HOME;`x`"), "'$HOME;`x`'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace kipu
