// What a broker keeps on its disk, and what it says of one that is not as it should be.
#include "broker/cluster_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace kipu::broker {
namespace {

using ::testing::HasSubstr;

class ClusterFileTest : public testing::Test {
 protected:
  ClusterFile written() {
    const ClusterFile cluster{ClusterId{Uuid{1, 2}}, 4, 1, 8};
    EXPECT_TRUE(write_cluster_file(directory_.path(), cluster));
    return cluster;
  }
  Error error_of_reading() const {
    const auto read = read_cluster_file(directory_.path());
    return read ? Error{} : read.error();
  }
  void replace_by(const std::string& text) const { std::ofstream(file_) << text; }

  test::TempDirectory directory_;
  const std::filesystem::path file_ = directory_ / "cluster.toml";
};

TEST_F(ClusterFileTest, IsReadAsItWasWritten) {
  const ClusterFile cluster = written();
  EXPECT_EQ(read_cluster_file(directory_.path()), cluster);
}

TEST_F(ClusterFileTest, IsNotReplaced) {
  const ClusterFile cluster = written();
  const auto again = write_cluster_file(directory_.path(), cluster);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::invalid_argument);
}

TEST_F(ClusterFileTest, IsNotPutAmongOtherThings) {
  std::ofstream(directory_ / "letter") << "dear";
  const auto refused = write_cluster_file(directory_.path(), ClusterFile{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("letter"));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ClusterFileTest, IsWrittenWhereThatWasInterrupted) {
  std::ofstream(directory_ / "cluster.toml.new") << "format";
  written();
}

TEST_F(ClusterFileTest, IsMissedInADirectoryThatInitDidNotMake) {
  EXPECT_EQ(error_of_reading().code, ErrorCode::not_a_store);
  EXPECT_THAT(error_of_reading().message, HasSubstr("kipu-broker init --data"));
}

TEST_F(ClusterFileTest, NamesTheRemedyHoweverItIsDamaged) {
  written();
  std::ifstream in(file_);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  const std::size_t id = whole.find("cluster-id = ");
  for (const std::size_t bytes : {std::size_t{0}, id, id + 20, whole.find("partitions")}) {
    replace_by(whole.substr(0, bytes));
    EXPECT_EQ(error_of_reading().code, ErrorCode::corrupt) << bytes;
    EXPECT_THAT(error_of_reading().message, HasSubstr("--cluster-id HEX")) << bytes;
  }
}

TEST_F(ClusterFileTest, OfANewerFormatIsSaidToBe) {
  replace_by("format = 2\n");
  EXPECT_EQ(error_of_reading().code, ErrorCode::newer_format);
}

// Whoever took "cannot be read" for "is not there" would make a cluster anew in its place.
TEST_F(ClusterFileTest, ThatCannotBeReadIsNeitherMissingNorDamaged) {
  std::filesystem::create_symlink(file_, file_);
  EXPECT_EQ(error_of_reading().code, ErrorCode::io_error) << error_of_reading().message;
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(error_of_reading().code, ErrorCode::io_error) << error_of_reading().message;
}

}  // namespace
}  // namespace kipu::broker
