// The shell of kipu-files on a terminal, over a cluster of programs.
#include "tests/support/terminal.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/local_cluster.h"

namespace files {
namespace {

using kipu::test::Ended;
using kipu::test::LocalCluster;
using kipu::test::program;
using kipu::test::Terminal;

constexpr const char* kUp = "\x1b[A";
constexpr const char* kPrompt = "kipu-files work> ";

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(cluster_.file("work"));
    std::ofstream(cluster_.file("work/a report of may.txt")) << "text";
    std::ofstream(cluster_.file("work/notes.txt")) << "notes";
  }

  kipu::test::Process::Options options() const {
    auto options = cluster_.options();
    options.directory = cluster_.file("work");
    return options;
  }

  LocalCluster cluster_;
};

TEST_F(TerminalTest, CompletesLocalAndStoredNames) {
  Terminal shell({program("kipu-files")}, options());
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.type("upl\ta\\ r\t--as 'kept copy'\r");
  ASSERT_TRUE(shell.shows("stored     kept copy  4 B")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  shell.type("info ke\t\r");
  ASSERT_TRUE(shell.shows("name      kept copy")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  // What is only local is no stored name.
  shell.type("info no\t\r");
  ASSERT_TRUE(shell.shows("'no'")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  shell.type("exit\r");
  EXPECT_EQ(shell.wait(), (Ended{0, 0})) << shell.written();
}

TEST_F(TerminalTest, ListsWhatMayBeMeant) {
  std::ofstream(cluster_.file("work/notes.md")) << "x";
  Terminal shell({program("kipu-files")}, options());
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.type("upload no\t\t");
  EXPECT_TRUE(shell.shows("notes.md\r\nnotes.txt\r\n")) << shell.written();
  shell.type("m\t\r");
  EXPECT_TRUE(shell.shows("stored     notes.md  1 B")) << shell.written();
}

TEST_F(TerminalTest, EditsLinesAndRecallsThem) {
  Terminal shell({program("kipu-files")}, options());
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.type("nonsense\x03pwd\r");  // Ctrl-C erases the line
  ASSERT_TRUE(shell.shows(cluster_.file("work").native() + "\r\n")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  EXPECT_THAT(shell.written(), testing::Not(testing::HasSubstr("there is no command")));
  // Into the middle: to the start of the line, over `upload `, and a letter is put in.
  shell.type(
      "upload nots.txt\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C"
      "e\r");
  ASSERT_TRUE(shell.shows("stored     notes.txt  5 B")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  shell.type(std::string(kUp) + "\r");
  ASSERT_TRUE(shell.shows("unchanged  notes.txt  5 B")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  shell.type("exit\r");
  EXPECT_EQ(shell.wait(), (Ended{0, 0}));

  // Another shell, the next day.
  Terminal next({program("kipu-files")}, options());
  ASSERT_TRUE(next.shows(kPrompt)) << next.written();
  next.type(std::string(kUp) + kUp + "\r");
  EXPECT_TRUE(next.shows("unchanged  notes.txt  5 B")) << next.written();
}

TEST_F(TerminalTest, StaysWhereCtrlCComesBetweenCommands) {
  Terminal shell({program("kipu-files")}, options());
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.signal(SIGINT);
  shell.type("pwd\r");
  ASSERT_TRUE(shell.shows(cluster_.file("work").native() + "\r\n")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt));
  shell.signal(SIGINT);
  shell.type("exit\r");
  EXPECT_EQ(shell.wait(), (Ended{0, 0})) << shell.written();
}

TEST_F(TerminalTest, StopsATransferAtCtrlC) {
  std::filesystem::resize_file(cluster_.file("work/notes.txt"), std::uintmax_t{1} << 40U);
  Terminal shell({program("kipu-files")}, options());
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.type("upload notes.txt\r");
  ASSERT_TRUE(shell.shows("%")) << shell.written();  // its bar
  shell.type("\x03");
  ASSERT_TRUE(shell.shows("interrupted")) << shell.written();
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.written();
  shell.type("list-files\rexit\r");
  EXPECT_EQ(shell.wait(), (Ended{0, 0})) << shell.written();
}

}  // namespace
}  // namespace files
