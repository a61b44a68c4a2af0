#include "broker/processes_file.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "tests/support/process.h"

namespace kipu::broker {
namespace {

class ProcessesFileTest : public testing::Test {
 protected:
  std::string read_after(const std::string& content) const {
    std::ofstream(file_, std::ios::binary) << content;
    return read_processes_file(file_);
  }

  const kipu::test::TempDirectory directory_;
  const std::filesystem::path file_ = directory_ / "processes";
};

TEST_F(ProcessesFileTest, IsReadAsItStands) {
  EXPECT_EQ(read_after(""), "");
  EXPECT_EQ(read_after("{}\n"), "{}\n");
  const std::string largest(limits::kMaxProcessesBytes, '\xff');
  EXPECT_EQ(read_after(largest), largest);
}

TEST_F(ProcessesFileTest, IsNothingIfTooLarge) {
  EXPECT_EQ(read_after(std::string(limits::kMaxProcessesBytes + 1, 'x')), "");
}

TEST_F(ProcessesFileTest, IsNothingIfItIsNoFile) {
  EXPECT_EQ(read_processes_file(file_), "");
  EXPECT_EQ(read_processes_file(directory_.path()), "");
  EXPECT_EQ(read_processes_file("/dev/zero"), "");
  // Nobody writes to it: whoever opened it as a file would wait for ever.
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(read_processes_file(file_), "");
}

}  // namespace
}  // namespace kipu::broker
