// The library in a process that has few file descriptors left, or whose standard ones are closed:
// it neither ends that process, nor takes the place of its standard output.
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace kipu::test {
namespace {

constexpr int kRefused = 1;

Finished bare(std::vector<std::string> words) {
  words.insert(words.begin(), program("kipu-test-bare"));
  return run(std::move(words));
}

TEST(BareProcessTest, FewDescriptorsAreAnErrorOfConnect) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  const std::string nobody = "tcp://127.0.0.1:" + std::to_string(free_port());
  constexpr int kEnough = 16;
  for (int left = 0; left < kEnough; ++left) {
    const Finished finished = bare({"connect", nobody, std::to_string(left)});
    EXPECT_EQ(finished.ended.signal, 0) << left << finished.errors;
    const bool is_enough = finished.ended.exit_code == 2;  // nobody answers
    EXPECT_TRUE(is_enough ? left >= 8 : finished.ended.exit_code == kRefused) << left;
  }
  EXPECT_EQ(bare({"connect", nobody, std::to_string(kEnough)}).ended, (Ended{2, 0}));
}

TEST(BareProcessTest, FewDescriptorsAreAnErrorOfOpeningAStore) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  const TempDirectory directory;
  const std::string store = (directory / "store").string();
  constexpr int kEnough = 40;
  for (int left = 0; left <= kEnough; ++left) {
    const Finished finished = bare({"open", store, std::to_string(left)});
    EXPECT_EQ(finished.ended.signal, 0) << left << finished.errors;
    const bool is_refused = left < kEnough && finished.ended.exit_code == kRefused;
    EXPECT_TRUE(is_refused || finished.ended.exit_code == 0) << left;
  }
}

TEST(BareProcessTest, ClosedDescriptorsAreNoFilesOfTheStore) {
  const TempDirectory directory;
  const std::string store = (directory / "store").string();
  EXPECT_EQ(bare({"closed", store}).ended, (Ended{0, 0}));
  EXPECT_EQ(run({"grep", "-rq", "text for nobody", store}).ended, (Ended{1, 0}));
}

}  // namespace
}  // namespace kipu::test
