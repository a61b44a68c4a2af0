#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace kipu::test {
namespace {

class JournalTest : public testing::Test {
 protected:
  Finished journal(std::vector<std::string> words) {
    words.insert(words.begin(), {program("journal"), directory_.path() / "notes"});
    return run(words);
  }

  TempDirectory directory_;
};

TEST_F(JournalTest, ShowsWhatWasNotedInItsOrder) {
  EXPECT_EQ(journal({"add", "woke", "up"}).ended.exit_code, 0);
  EXPECT_EQ(journal({"add", "made tea"}).ended.exit_code, 0);
  const Finished days = journal({"days"});
  ASSERT_EQ(days.ended.exit_code, 0) << days.errors;
  ASSERT_GE(days.output.size(), 13U);
  const std::string day = days.output.substr(0, 10);  // of the first note, should midnight pass

  const std::string shown = journal({"show", day}).output;
  EXPECT_EQ(shown.substr(8, 10), "  woke up\n");
  const bool one_day = days.output.substr(10) == "  2\n";
  if (one_day) {
    EXPECT_EQ(shown.substr(26), "  made tea\n");
  }
}

TEST_F(JournalTest, SaysThatAFullDiskTookNoMore) {
  EXPECT_EQ(journal({"add", "woke", "up"}).ended.exit_code, 0);
  const Finished shown = run({"sh", "-c", R"(exec "$0" "$@" >/dev/full)", program("journal"),
                              directory_.path() / "notes", "days"});
  EXPECT_EQ(shown.ended.exit_code, 1);
  EXPECT_NE(shown.errors.find("took no more"), std::string::npos) << shown.errors;
}

TEST_F(JournalTest, SaysHowItIsUsed) {
  EXPECT_EQ(journal({}).ended.exit_code, 2);
  EXPECT_EQ(journal({"add"}).ended.exit_code, 2);
}

}  // namespace
}  // namespace kipu::test
