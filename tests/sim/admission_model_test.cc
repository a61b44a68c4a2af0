// The checkers of leases and of what is taken in, held against what is right and what is wrong.
#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/sim/checkers/admission.h"
#include "tests/sim/checkers/leases.h"

namespace kipu::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Instant after(Duration since_start) {
  return Instant::since_start(since_start);
}

class LeaseModelTest : public ::testing::Test {
 protected:
  LeaseModel& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

 private:
  Verdict verdict_;
  LeaseModel model_{verdict_, seconds(2)};
};

TEST_F(LeaseModelTest, AcceptsWhatIsSaidUnderALease) {
  model().on_answered("w", after(seconds(1)), after(seconds(2)));
  model().on_answered("w", after(milliseconds(500)), after(seconds(2)));
  model().on_vouched("w", after(milliseconds(2999)), "acknowledges");
  EXPECT_EQ(broken(), "");
}

TEST_F(LeaseModelTest, CatchesWhatIsSaidWithoutAnyLease) {
  model().on_answered("another", after(seconds(1)), after(seconds(1)));
  model().on_vouched("w", after(seconds(1)), "acknowledges");
  EXPECT_EQ(broken(), "lease");
}

TEST_F(LeaseModelTest, CountsALeaseFromWhenTheWorkerSent) {
  model().on_answered("w", after(seconds(1)), after(seconds(2)));
  model().on_vouched("w", after(seconds(3)), "acknowledges");
  EXPECT_EQ(broken(), "lease");
}

TEST_F(LeaseModelTest, TakesNoAnswerToAFormerLife) {
  model().on_answered("w", after(seconds(9)), after(seconds(9)));
  model().on_start("w");
  model().on_answered("w", after(seconds(9)), after(seconds(1)));
  model().on_vouched("w", after(seconds(1)), "acknowledges");
  EXPECT_EQ(broken(), "lease");
}

class AdmissionModelTest : public ::testing::Test {
 protected:
  static constexpr WallTime kNoon{std::chrono::hours(12)};
  static Now at(Duration time) {
    return {after(time), kNoon + std::chrono::duration_cast<milliseconds>(time)};
  }
  static Entry entry(Duration ahead = Duration::zero()) {
    const WallTime stamped = kNoon + std::chrono::duration_cast<milliseconds>(ahead);
    return make_entry("b", "k", {StampTime::at(stamped), 1}, EntryKind::append, Values{"v"});
  }
  AdmissionModel& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

 private:
  Verdict verdict_;
  AdmissionModel model_{verdict_};
};

TEST_F(AdmissionModelTest, AcceptsWhatIsStoredInTime) {
  model().on_asked("w", at(seconds(0)), seconds(1), entry(limits::kMaxClockSkew));
  model().on_committing("w", at(milliseconds(999)), entry(limits::kMaxClockSkew));
  EXPECT_EQ(broken(), "");
}

TEST_F(AdmissionModelTest, CatchesAStampFromTheFuture) {
  const Entry future = entry(limits::kMaxClockSkew + milliseconds(2));
  model().on_asked("w", at(seconds(0)), seconds(1), future);
  model().on_committing("w", at(milliseconds(1)), future);
  EXPECT_EQ(broken(), "stamps");
}

TEST_F(AdmissionModelTest, ForgivesAClockThatWasAheadAndJumpedBack) {
  const Entry future = entry(limits::kMaxClockSkew + seconds(5));
  model().on_time("w", at(seconds(5)));
  model().on_asked("w", at(seconds(0)), seconds(1), future);
  model().on_committing("w", at(milliseconds(1)), future);
  EXPECT_EQ(broken(), "");
  model().on_start("w");
  model().on_asked("w", at(seconds(0)), seconds(1), future);
  model().on_committing("w", at(milliseconds(1)), future);
  EXPECT_EQ(broken(), "stamps");
}

TEST_F(AdmissionModelTest, CatchesWhatIsStoredTooLate) {
  model().on_asked("w", at(seconds(0)), seconds(1), entry());
  model().on_committing("w", at(seconds(1)), entry());
  EXPECT_EQ(broken(), "deadlines");
}

TEST_F(AdmissionModelTest, AcceptsWhatWasAskedForAgain) {
  model().on_asked("w", at(seconds(0)), seconds(1), entry());
  model().on_asked("w", at(milliseconds(500)), seconds(1), entry());
  model().on_committing("w", at(seconds(1)), entry());
  EXPECT_EQ(broken(), "");
}

TEST_F(AdmissionModelTest, CatchesWhatNobodyAskedFor) {
  model().on_asked("another", at(seconds(0)), seconds(1), entry());
  model().on_committing("w", at(seconds(0)), entry());
  EXPECT_EQ(broken(), "I2");
}

TEST_F(AdmissionModelTest, CatchesARequestThatLastsLongerThanItsCaller) {
  model().on_sent("c", seconds(1), seconds(1));
  EXPECT_EQ(broken(), "");
  model().on_sent("c", seconds(1) + milliseconds(1), seconds(1));
  EXPECT_EQ(broken(), "deadlines");
}

}  // namespace
}  // namespace kipu::sim
