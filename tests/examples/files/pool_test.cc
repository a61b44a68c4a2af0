#include "examples/files/pool.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace files {
namespace {

TEST(PoolTest, DoesAllOfItBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    Pool pool(3);
    for (int i = 0; i < 1000; ++i) pool.submit([&] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(PoolTest, HoldsUpWhoSubmitsMoreThanWaits) {
  std::latch release(1);
  std::atomic<int> submitted = 0;
  {
    Pool pool(1);
    std::jthread submitter([&] {
      for (int i = 0; i < 5; ++i) {
        pool.submit([&] { release.wait(); });
        ++submitted;
      }
    });
    // One runs, one waits, and the third has to.
    EXPECT_TRUE(kipu::test::eventually([&] { return submitted == 2; }));
    EXPECT_EQ(submitted, 2);
    release.count_down();
    submitter.join();
  }
  EXPECT_EQ(submitted, 5);
}

TEST(BudgetTest, GivesNoMoreThanThereIs) {
  Budget budget(10);
  budget.take(7);
  EXPECT_FALSE(budget.try_take(4));
  EXPECT_TRUE(budget.try_take(3));
  std::atomic<bool> taken = false;
  std::jthread taker([&] {
    budget.take(8);
    taken = true;
  });
  budget.give_back(7);
  EXPECT_FALSE(taken);
  budget.give_back(3);
  EXPECT_TRUE(kipu::test::eventually([&] { return taken.load(); }));
}

}  // namespace
}  // namespace files
