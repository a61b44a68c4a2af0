#include "examples/files/progress.h"

#include <gtest/gtest.h>

namespace files {
namespace {

TEST(ProgressTest, DrawsHowFarItIs) {
  Progress progress;
  progress.files_found = 9;
  progress.files_done = 3;
  progress.bytes_found = 4096;
  progress.bytes_done = 1024;
  progress.bytes_moved = 512;
  EXPECT_EQ(progress_bar(progress, "sent", 2),
            "[#####               ]  25 %  1.0 KiB of 4.0 KiB  512 B/s  sent 512 B  3 of 9 files");
}

TEST(ProgressTest, StaysWithinItsBarWhereAFileGrows) {
  Progress progress;
  progress.bytes_found = 10;
  progress.bytes_done = 20;
  EXPECT_EQ(progress_bar(progress, "", 0),
            "[####################] 100 %  10 B of 10 B  0 B/s  0 of 0 files");
}

}  // namespace
}  // namespace files
