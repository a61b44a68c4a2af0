// append KEY -: a stamp for each line as soon as it is there, and an account of all lines where one
// fails.
#include <algorithm>
#include <string>

#include <signal.h>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class AppendLinesTest : public CommandTest {
 protected:
  // Its input stays open until the test closes it.
  static Process start(std::vector<std::string> words) {
    Process::Options options = cluster->options();
    options.keep_input_open = true;
    words.insert(words.begin(), program("kipu"));
    return {std::move(words), std::move(options)};
  }
  static Finished end_of(Process& process) {
    const Ended ended = process.wait();
    return {ended, process.output(), process.errors()};
  }
  static std::string large_line() { return std::string(20'000, 'x') + "\n"; }
};

TEST_F(AppendLinesTest, ShowEachStampBeforeTheNextLineIsWritten) {
  Process append = start({"append", "waits", "-"});
  for (int line = 0; line < 5; ++line) {
    append.write("value\n");
    ASSERT_TRUE(append.wait_for_line("0")) << line;
  }
  append.close_input();
  EXPECT_EQ(append.wait(), (Ended{0, 0}));
  EXPECT_EQ(output_of({"count", "waits"}), "5\n");
}

TEST_F(AppendLinesTest, ShowEachStampInJsonToo) {
  Process append = start({"append", "waits-json", "-", "-o", "jsonl"});
  for (int line = 0; line < 3; ++line) {
    append.write("value\n");
    ASSERT_TRUE(append.wait_for_line("\"stamp\"")) << line;
  }
  append.close_input();
  EXPECT_EQ(append.wait(), (Ended{0, 0}));
}

// A program that waits for the stamp of a line which is refused would wait for ever.
TEST_F(AppendLinesTest, EndAtAFailureThoughTheInputStaysOpen) {
  Process append = start({"append", "fails", "-"});
  append.write("first\n");
  ASSERT_TRUE(append.wait_for_line("0"));
  append.write(large_line());
  const Finished failed = end_of(append);
  expect_refusal(failed, 1, "line 2: ");
  EXPECT_NE(failed.errors.find("; line 1 is stored, line 2 is not, the rest was not sent\n"),
            std::string::npos)
      << failed.errors;
  EXPECT_EQ(output_of({"get", "fails"}), "first\n");
}

TEST_F(AppendLinesTest, TellProgramsWhatBecameOfEach) {
  const Finished failed = kipu({"append", "told", "-", "-o", "json"}, "first\n" + large_line());
  EXPECT_EQ(failed.ended, (Ended{1, 0}));
  EXPECT_NE(failed.errors.find(R"("lines":{"stored":[[1,1]],"not_stored":[[2,2]],"unknown":[])"),
            std::string::npos)
      << failed.errors;
  // The document has the stamp, and no end.
  EXPECT_EQ(failed.output.find("{\"stamps\":[{"), 0U) << failed.output;
  EXPECT_EQ(failed.output.find(']'), std::string::npos) << failed.output;
}

TEST_F(AppendLinesTest, TellWhatIsUnknownAndHowToSettleIt) {
  const std::vector<pid_t> workers{cluster->worker(1), cluster->worker(2)};
  for (const pid_t worker : workers) ::kill(worker, SIGSTOP);
  const Finished failed =
      kipu({"append", "unknown-line", "-", "--timeout", "1s", "-o", "json"}, "value\n");
  for (const pid_t worker : workers) ::kill(worker, SIGCONT);
  EXPECT_EQ(failed.ended, (Ended{4, 0})) << failed.errors;
  const std::string before = R"("unknown":[{"line":1,"stamp":")";
  const std::size_t at = failed.errors.find(before);
  ASSERT_NE(at, std::string::npos) << failed.errors;
  EXPECT_EQ(failed.output, "");
  const std::string stamp = failed.errors.substr(at + before.size(), 32);
  EXPECT_TRUE(eventually([&] { return kipu({"status"}).ended == Ended{0, 0}; }));
  output_of({"append", "unknown-line", "value", "--stamp", stamp});
  EXPECT_EQ(output_of({"get", "unknown-line"}), "value\n");
}

TEST_F(AppendLinesTest, TellWhatIsStoredWhereTheUserInterrupts) {
  Process append = start({"append", "interrupted", "-"});
  append.write("first\nsecond\n");
  ASSERT_TRUE(append.wait_for_line("0"));
  ASSERT_TRUE(append.wait_for_line("0"));
  append.kill(SIGINT);
  const Finished ended = end_of(append);
  EXPECT_EQ(ended.ended, (Ended{130, 0})) << ended.errors;
  EXPECT_EQ(ended.errors, "kipu: interrupted; lines 1–2 are stored, the rest was not sent\n");
}

// A cluster that does not answer keeps nobody who has had enough.
TEST_F(AppendLinesTest, GiveUpWhatIsOnItsWayWhereTheUserInterrupts) {
  const std::vector<pid_t> workers{cluster->worker(1), cluster->worker(2)};
  Process append = start({"append", "given-up", "-"});
  append.write("first\n");
  ASSERT_TRUE(append.wait_for_line("0"));
  for (const pid_t worker : workers) ::kill(worker, SIGSTOP);
  append.write("second\n");
  EXPECT_TRUE(eventually([&] { return kipu({"status"}).ended == Ended{5, 0}; }));
  append.kill(SIGINT);
  const Finished ended = end_of(append);
  for (const pid_t worker : workers) ::kill(worker, SIGCONT);
  EXPECT_EQ(ended.ended, (Ended{130, 0})) << ended.errors;
  EXPECT_EQ(ended.errors.find("kipu: interrupted; line 1 is stored, line 2 "), 0U) << ended.errors;
  EXPECT_TRUE(eventually([&] { return kipu({"status"}).ended == Ended{0, 0}; }));
}

TEST_F(AppendLinesTest, TellWhatIsStoredWhereTheInputFails) {
  Process::Options options = cluster->options();
  const Finished failed =
      run({"/bin/sh", "-c", "exec " + program("kipu") + " append unread - </"}, options);
  expect_refusal(failed, 5, "the input cannot be read: Is a directory; no line was sent");
  const Finished longer = kipu({"append", "unread", "-"}, "first\n" + std::string(9'000'000, 'x'));
  expect_refusal(longer, 1, "line 2 is longer than any entry can be");
  EXPECT_NE(longer.errors.find("; line 1 is stored, the rest was not sent\n"), std::string::npos)
      << longer.errors;
}

TEST_F(AppendLinesTest, TellWhatIsStoredWhereTheOutputIsNotTaken) {
  std::string lines;
  for (int line = 0; line < 100'000; ++line) lines += "value\n";
  Process::Options options = cluster->options(lines);
  const Finished lost =
      run({"/bin/sh", "-c", "exec " + program("kipu") + " append untaken - >/dev/full"}, options);
  EXPECT_NE(lost.errors.find("kipu: lines 1–"), std::string::npos) << lost.errors;
  const std::string stored = output_of({"count", "untaken"});
  EXPECT_NE(lost.errors.find("–" + stored.substr(0, stored.size() - 1) + " are stored"),
            std::string::npos)
      << lost.errors << stored;
}

TEST_F(AppendLinesTest, ShowTheStampsOfManyInTheirOrder) {
  std::string lines;
  for (int line = 0; line < 20'000; ++line) lines += std::to_string(line) + "\n";
  const std::string stamps = output_of({"append", "many", "-"}, lines);
  EXPECT_EQ(std::count(stamps.begin(), stamps.end(), '\n'), 20'000);
  EXPECT_EQ(output_of({"get", "many"}), lines);
}

}  // namespace
}  // namespace kipu::test
