#include "bus/daemon/log.h"

#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/process.h"

namespace kipu::daemon {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class LogTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  const std::filesystem::path file_ = directory_ / "log";
};

TEST_F(LogTest, WritesLinesWithLevelAsTheyCome) {
  auto log = Log::open(file_.string(), LogLevel::info);
  ASSERT_TRUE(log);
  (*log)->write({LogLevel::warning, "the disk {is} nearly full"});
  EXPECT_TRUE(content_of(file_).ends_with("Z warning the disk {is} nearly full\n"));
}

TEST_F(LogTest, LeavesOutWhatIsTooSmall) {
  auto log = Log::open(file_.string(), LogLevel::warning);
  ASSERT_TRUE(log);
  (*log)->sink()({LogLevel::info, "small"});
  EXPECT_EQ(content_of(file_), "");
}

TEST_F(LogTest, GoesOnInANewFileAfterARotation) {
  auto log = Log::open(file_.string(), LogLevel::info);
  ASSERT_TRUE(log);
  (*log)->write({LogLevel::info, "one"});
  const auto old = directory_ / "log.1";
  std::filesystem::rename(file_, old);
  (*log)->write({LogLevel::info, "two"});
  (*log)->reopen();
  (*log)->write({LogLevel::info, "three"});
  EXPECT_NE(content_of(old).find("two"), std::string::npos);
  EXPECT_EQ(content_of(old).find("three"), std::string::npos);
  EXPECT_NE(content_of(file_).find("three"), std::string::npos);
}

TEST_F(LogTest, WaitsForNobodyToReadAPipe) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const auto log = Log::open(file_.string(), LogLevel::info);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("a named pipe that nobody reads"), std::string::npos);
  const int reader = ::open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EXPECT_TRUE(Log::open(file_.string(), LogLevel::info));
  ::close(reader);
}

TEST_F(LogTest, KeepsTheOldFileIfThereCanBeNoNewOne) {
  const auto inner = directory_ / "inner";
  std::filesystem::create_directory(inner);
  auto log = Log::open((inner / "log").string(), LogLevel::info);
  ASSERT_TRUE(log);
  const auto moved = directory_ / "moved";
  std::filesystem::rename(inner, moved);
  std::ofstream(inner) << "a file where a directory should be";
  (*log)->reopen();
  EXPECT_NE(content_of(moved / "log").find("error cannot open the log"), std::string::npos);
}

TEST_F(LogTest, NamesAFileThatCannotBeOpened) {
  std::ofstream(directory_ / "file") << "";
  const auto name = (directory_ / "file" / "log").string();
  const auto log = Log::open(name, LogLevel::info);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::io_error);
  EXPECT_NE(log.error().message.find(name), std::string::npos);
}

}  // namespace
}  // namespace kipu::daemon
