#include "tests/support/process.h"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

namespace kipu::test {
namespace {

TEST(ProcessTest, CollectsOutputErrorsAndExitCode) {
  const Finished finished = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(finished.ended, (Ended{3, 0}));
  EXPECT_EQ(finished.output, "out\n");
  EXPECT_EQ(finished.errors, "err\n");
}

TEST(ProcessTest, GivesInputAndEnvironmentToTheChild) {
  Process::Options options;
  options.environment = {{"KNOT", "tied"}};
  options.input = std::string(300'000, 'x');
  const Finished finished = run({"sh", "-c", "wc -c; echo $KNOT"}, options);
  EXPECT_EQ(finished.output, "300000\ntied\n");
}

TEST(ProcessTest, ReturnsLinesInTheirOrder) {
  Process process({"sh", "-c", "echo first; echo noise; echo second"});
  EXPECT_EQ(process.wait_for_line("fir"), "first");
  EXPECT_EQ(process.wait_for_line("sec"), "second");
  EXPECT_EQ(process.wait_for_line("third"), std::nullopt);
}

TEST(ProcessTest, TalksToAChildThatAnswers) {
  Process::Options options;
  options.keep_input_open = true;
  Process process({"cat"}, options);
  process.write("hello\n");
  EXPECT_EQ(process.wait_for_line("hello"), "hello");
  process.close_input();
  EXPECT_EQ(process.wait(), (Ended{0, 0}));
}

TEST(ProcessTest, TellsASignalFromAnExit) {
  Process process({"sleep", "1000"});
  EXPECT_TRUE(process.running());
  process.kill(SIGKILL);
  EXPECT_EQ(process.wait(), (Ended{-1, SIGKILL}));
}

TEST(ProcessTest, KillsAChildThatIsForgotten) {
  pid_t pid = 0;
  {
    const Process process({"sleep", "1000"});
    pid = process.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ProcessTest, ReportsAProgramThatDoesNotExist) {
  EXPECT_EQ(run({"/no/such/program"}).ended, (Ended{127, 0}));
}

TEST(TempDirectoryTest, RemovesEverythingInIt) {
  std::filesystem::path path;
  {
    const TempDirectory directory;
    path = directory.path();
    std::filesystem::create_directory(directory / "inner");
    std::ofstream(directory / "inner" / "file") << "text";
    EXPECT_TRUE(std::filesystem::exists(path / "inner" / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(FieldTest, ReadsWordsOfAReadyLine) {
  const std::string line = "kipu-broker ready frontend=tcp://127.0.0.1:1 backend=tcp://[::1]:2";
  EXPECT_EQ(field_of(line, "frontend"), "tcp://127.0.0.1:1");
  EXPECT_EQ(field_of(line, "backend"), "tcp://[::1]:2");
  EXPECT_EQ(field_of(line, "none"), "");
}

void make_older(const std::filesystem::path& directory) {
  using Time = std::filesystem::file_time_type;
  std::filesystem::last_write_time(directory, Time::clock::now() - std::chrono::minutes(2));
}

TEST(TempDirectoryTest, WhatAKilledTestLeftBehindIsRemovedByTheNext) {
  namespace fs = std::filesystem;
  std::string abandoned = (fs::temp_directory_path() / "kipu-tests-deadXXXXXX").string();
  ASSERT_NE(::mkdtemp(abandoned.data()), nullptr);
  std::ofstream(fs::path(abandoned) / "file") << "left";
  const TempDirectory in_use;
  remove_abandoned_directories();
  EXPECT_TRUE(fs::exists(abandoned)) << "its owner may be about to lock it";
  make_older(abandoned);
  make_older(in_use.path().parent_path());
  remove_abandoned_directories();
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(in_use.path()));
}

TEST(TempDirectoryTest, MayBeLockedByWhatIsTested) {
  const TempDirectory directory;
  const int handle = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  EXPECT_EQ(::flock(handle, LOCK_EX | LOCK_NB), 0);
  ::close(handle);
}

}  // namespace
}  // namespace kipu::test
