#include "base/descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace kipu {
namespace {

using testing::HasSubstr;

class DescriptorsTest : public testing::Test {
 protected:
  DescriptorsTest() { getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorsTest() override { setrlimit(RLIMIT_NOFILE, &before_); }
  void allow(rlim_t soft) {
    const rlimit limit{soft, before_.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit before_{};
};

TEST_F(DescriptorsTest, FindsThatThereIsRoomAndTakesNone) {
  allow(128);
  for (int time = 0; time < 10; ++time) EXPECT_TRUE(check_descriptors(64, "a test"));
}

TEST_F(DescriptorsTest, SaysWhatIsLackingAndHowToHaveMore) {
  allow(40);
  const auto room = check_descriptors(64, "a test");
  allow(128);
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().code, ErrorCode::io_error);
  EXPECT_THAT(room.error().message, HasSubstr("for a test: this process may have 40, and `ulimit"));
}

}  // namespace
}  // namespace kipu
