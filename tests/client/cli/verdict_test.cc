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
  EXPECT_THAT(judge(status).reasons,
              ElementsAre("the cluster is not ready yet: it waits for 2 of 3 workers"));
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

TEST(VerdictTest, SaysThatOtherReplicasServeWhatASuspectWorkerHas) {
  ClusterStatus status = healthy();
  status.replicas = 3;
  status.workers[0].liveness = Liveness::suspect;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("left to their other replicas")));
}

TEST(VerdictTest, SaysWhoIsNotWholeAndWhatItWaitsFor) {
  ClusterStatus status = healthy();
  status.workers[0].health.not_whole = 12;
  status.workers[0].health.why_not_whole = "emptied; waits for w1 and w3";
  EXPECT_THAT(judge(status).reasons,
              ElementsAre(HasSubstr("w2 is not whole: 12 of its partitions are not served by it "
                                    "yet: emptied; waits for w1 and w3")));
}

TEST(VerdictTest, SaysWhoCannotReadItsStoreAndWhatHelps) {
  ClusterStatus status = healthy();
  status.replicas = 3;
  status.workers[0].health.unreadable = {4, WallTime(1s), "block checksum mismatch"};
  EXPECT_THAT(judge(status).reasons,
              ElementsAre(HasSubstr("w2 cannot read a part of its store, in 4 reads since "
                                    "1970-01-01T00:00:01.000Z: block checksum mismatch; the other "
                                    "replicas answer in its place, and `kipu worker replace w2`")));
  status.replicas = 1;
  EXPECT_THAT(judge(status).reasons, ElementsAre(HasSubstr("`kipu help restore`")));
}

TEST(VerdictTest, SaysWhatFillsTheBroker) {
  ClusterStatus status = healthy();
  status.refusing = "65,536 requests are in flight";
  EXPECT_THAT(judge(status).reasons,
              ElementsAre("the broker refuses requests: 65,536 requests are in flight"));
}

// Two workers that wrote for w2.
ClusterStatus lagging(Duration oldest) {
  ClusterStatus status = healthy();
  for (const std::uint32_t number : {3U, 4U}) {
    WorkerStatus origin = status.workers[0];
    origin.id = WorkerId{number};
    origin.health.lags = {{WorkerId{2}, 1'000 * number, oldest / number}, {WorkerId{9}, 1, 1ms}};
    status.workers.push_back(origin);
  }
  return status;
}

TEST(VerdictTest, AddsUpWhatAReplicaLacksOfAllOthers) {
  EXPECT_EQ(lag_of(lagging(12s), WorkerId{2}), (ReplicaLag{WorkerId{2}, 7'000, 4s}));
  EXPECT_EQ(lag_of(lagging(12s), WorkerId{3}), (ReplicaLag{WorkerId{3}, 0, 0s}));
}

TEST(VerdictTest, NamesAReplicaThatLagsForLong) {
  EXPECT_TRUE(judge(lagging(29s)).healthy());
  EXPECT_THAT(judge(lagging(33s)).reasons,
              ElementsAre(HasSubstr("w2 lags behind by 7,000 entries, the oldest of 11.0 s ago")));
}

}  // namespace
}  // namespace kipu::cli
