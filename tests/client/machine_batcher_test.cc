// The queues of appends, by themselves.
#include "client/machine_batcher.h"

#include <vector>

#include <gtest/gtest.h>

#include "client/machine_calls.h"

namespace kipu::client {
namespace {

class BatcherTest : public testing::Test {
 protected:
  Handle push() {
    const CallId id{++last_};
    const Handle handle = calls_.add(id, now_, Instant::never());
    calls_.find(handle)->append.entry.key = "key";
    batcher_.push(now_, WorkerId{1}, handle);
    return handle;
  }
  void expire(Handle handle) {
    batcher_.remove(*calls_.find(handle));
    calls_.complete(handle, fail(ErrorCode::deadline_exceeded, "late"), effects_);
  }

  const Instant now_;
  const Config config_;
  Calls calls_;
  Batcher batcher_{config_, calls_};
  Effects effects_;
  std::uint64_t last_ = 0;
};

// As while a broker is away: appends come, wait and expire, and there is always one that waits.
TEST_F(BatcherTest, HoldsNothingOfAppendsThatHaveLeft) {
  const Handle first = push();
  Handle latest = push();
  for (int i = 0; i < 10'000; ++i) {
    const Handle next = push();
    expire(latest);
    latest = next;
  }
  EXPECT_LT(batcher_.held(), 100U);
  const auto group = batcher_.take(now_);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->entries, (std::vector<Handle>{first, latest}));
}

}  // namespace
}  // namespace kipu::client
