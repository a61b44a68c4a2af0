#include "base/plain_file.h"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kipu {
namespace {

namespace fs = std::filesystem;

class PlainFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "kipu-plain-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
  }
  void TearDown() override { fs::remove_all(home_); }

  fs::path home_;
};

TEST_F(PlainFileTest, ReadsWhatIsThere) {
  std::ofstream(home_ / "file") << "some words";
  fs::create_symlink("file", home_ / "link");
  EXPECT_EQ(read_plain_file(home_ / "file", 100).value(), "some words");
  EXPECT_EQ(read_plain_file(home_ / "link", 4).value(), "some");
  EXPECT_EQ(read_plain_file("/proc/self/comm", 100).value().empty(), false);
}

TEST_F(PlainFileTest, NeverWaitsForWhatIsNoFile) {
  ASSERT_EQ(::mkfifo((home_ / "pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", home_ / "link");
  for (const fs::path& path : {home_ / "pipe", home_ / "link", fs::path("/dev/zero"), home_}) {
    for (const int flags : {O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR}) {
      const auto opened = open_plain_file(path, flags);
      ASSERT_FALSE(opened) << path;
      EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << opened.error().message;
      EXPECT_NE(with_aside(opened.error(), path).message.find("`mv " + path.string()),
                std::string::npos);
    }
  }
}

TEST_F(PlainFileTest, TellsWhatIsSpecial) {
  ASSERT_EQ(::mkfifo((home_ / "pipe").c_str(), 0600), 0);
  std::ofstream(home_ / "file") << "x";
  EXPECT_EQ(special_kind(home_ / "pipe"), "a named pipe");
  EXPECT_EQ(special_kind("/dev/zero"), "a device");
  for (const fs::path& path : {home_, home_ / "file", home_ / "none"}) {
    EXPECT_EQ(special_kind(path), "") << path;
  }
}

TEST_F(PlainFileTest, SaysWhatIsMissing) {
  const auto opened = open_plain_file(home_ / "none", O_RDONLY);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::io_error);
}

TEST_F(PlainFileTest, TakesALogThatIsAFileOrADevice) {
  ASSERT_EQ(::mkfifo((home_ / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(check_log_file(home_ / "none"));
  EXPECT_TRUE(check_log_file("/dev/null"));
  EXPECT_FALSE(check_log_file(home_ / "pipe"));
  const int reader = ::open((home_ / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EXPECT_TRUE(check_log_file(home_ / "pipe"));
  ::close(reader);
}

}  // namespace
}  // namespace kipu
