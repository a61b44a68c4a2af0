#include "client/cli/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kipu::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

ClusterStatus healthy() {
  ClusterStatus status;
  status.in_force = {1, 2, 3};
  status.wall = WallTime(std::chrono::hours(1000));
  WorkerStatus worker;
  worker.id = WorkerId{2};
  worker.liveness = Liveness::alive;
  worker.silent = 100ms;
  worker.health.wall = status.wall - 100ms;
  status.workers.push_back(worker);
  return status;
}

TEST(VerdictTest, FindsNothingWrongWithAHealthyCluster) {
  EXPECT_TRUE(judge(healthy()).healthy());
}

TEST(VerdictTest, SaysWhatTheMapWaitsFor) {
  ClusterStatus status = healthy();
  status.in_force = {};
  status.waiting_for = "2 of 3 workers";
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("no cluster map is in force: 2 of 3")));
}

TEST(VerdictTest, NamesASuspectWorkerAndNotItsOldHealth) {
  ClusterStatus status = healthy();
  status.workers[0].liveness = Liveness::suspect;
  status.workers[0].health.read_only = true;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("w2 is suspect")));
}

TEST(VerdictTest, NamesAWorkerThatWasNeverSeen) {
  ClusterStatus status = healthy();
  status.workers[0].liveness = Liveness::never_seen;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("w2 has not been seen")));
}

TEST(VerdictTest, NamesAFullDiskAndALaggingEngine) {
  ClusterStatus status = healthy();
  status.workers[0].health.read_only = true;
  status.workers[0].health.commit_microseconds = 3'000'000;
  EXPECT_THAT(judge(status).reasons,
              ElementsAre(HasSubstr("read-only"), HasSubstr("a commit took 3.0 s")));
}

TEST(VerdictTest, NamesAClockThatIsFarFromTheBrokers) {
  ClusterStatus status = healthy();
  status.workers[0].health.wall += 6s;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("ahead of")));
  status.workers[0].health.wall -= 12s;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("behind")));
  status.workers[0].health.wall += 10s;
  EXPECT_TRUE(judge(status).healthy());
}

}  // namespace
}  // namespace kipu::cli
