// Acknowledged means fsynced, and so does readable.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/faults/cluster.h"
#include "tests/process/faults/ledger.h"

namespace kipu {
namespace {

using test::Cluster;
using test::Ended;
using test::eventually;
using test::Ledger;
using test::must;

class SyncedTest : public testing::Test {
 protected:
  // What nobody may hear of before it is durable, waits for this worker's disk.
  std::uint64_t waiting_bytes() {
    return must(client_.status()).workers.at(0).health.pending_bytes;
  }
  std::uint64_t commit_microseconds() {
    return must(client_.status()).workers.at(0).health.commit_microseconds;
  }
  bool wait_for_answers(const Ledger& ledger) {
    return eventually([&] { return ledger.open() == 0; });
  }

  Ledger before_{"before"};
  Ledger during_{"during"};
  Ledger behind_{"behind"};
  Cluster cluster_{{.workers = 1}};
  Client client_ = cluster_.client();
};

TEST_F(SyncedTest, NothingIsAcknowledgedNorReadableWhileASyncHangs) {
  before_.append_many(client_, 100);
  ASSERT_TRUE(wait_for_answers(before_));
  cluster_.disk(0).break_down("hang");
  during_.append_many(client_, 100);
  ASSERT_TRUE(eventually([&] { return cluster_.disk(0).has_struck(); }));
  const std::uint64_t waiting = waiting_bytes();
  behind_.append_many(client_, 100);
  ASSERT_TRUE(eventually([&] { return waiting_bytes() > waiting; }));
  // Long enough for an answer that is sent too early to arrive.
  ASSERT_TRUE(eventually([&] { return commit_microseconds() > 500'000; }));
  EXPECT_EQ(during_.acknowledged() + behind_.acknowledged(), 0U);
  EXPECT_EQ(during_.count_stored(client_) + behind_.count_stored(client_), 0U);
  before_.expect_stored_once(client_);  // reads go on

  cluster_.disk(0).heal();
  EXPECT_TRUE(wait_for_answers(during_));
  EXPECT_TRUE(wait_for_answers(behind_));
  EXPECT_EQ(during_.acknowledged() + behind_.acknowledged(), 200U);
  during_.expect_stored_once(client_);
  behind_.expect_stored_once(client_);
}

TEST_F(SyncedTest, AWorkerWhoseSyncFailsStopsAndAcknowledgesNothingOfThatBatch) {
  before_.append_many(client_, 100);
  ASSERT_TRUE(wait_for_answers(before_));
  cluster_.disk(0).break_down("fail");
  AppendOptions brief;
  brief.timeout = std::chrono::seconds(1);
  during_.append_many(client_, 100, brief);
  EXPECT_EQ(cluster_.worker(0).wait(), (Ended{5, 0}));
  EXPECT_NE(cluster_.worker(0).errors().find("a write to the store failed: io_error"),
            std::string::npos)
      << cluster_.worker(0).errors();
  ASSERT_TRUE(wait_for_answers(during_));
  EXPECT_EQ(during_.acknowledged(), 0U);
  EXPECT_GT(during_.unknown(), 0U);  // what was in the batch that failed

  cluster_.supervise();
  before_.expect_stored_once(client_);
  during_.expect_stored_once(client_);
  // The client library can say by now what became of them.
  during_.ask_again(client_);
  ASSERT_TRUE(wait_for_answers(during_));
  EXPECT_EQ(during_.unknown(), 0U);
  during_.expect_stored_once(client_);
}

TEST_F(SyncedTest, AWorkerThatIsKilledWhileASyncHangsLosesNothingAcknowledged) {
  before_.append_many(client_, 100);
  ASSERT_TRUE(wait_for_answers(before_));
  cluster_.disk(0).break_down("hang");
  during_.append_many(client_, 100);
  ASSERT_TRUE(eventually([&] { return cluster_.disk(0).has_struck(); }));
  cluster_.worker(0).kill(SIGKILL);
  EXPECT_EQ(cluster_.worker(0).wait(), (Ended{-1, SIGKILL}));
  EXPECT_EQ(during_.acknowledged(), 0U);
  cluster_.supervise();
  ASSERT_TRUE(wait_for_answers(during_));  // the client library asks again by itself
  EXPECT_EQ(during_.acknowledged(), 100U);
  before_.expect_stored_once(client_);
  during_.expect_stored_once(client_);
}

TEST_F(SyncedTest, AWorkerThatIsToldToStopWhileASyncHangsGivesUpAndSaysSo) {
  cluster_.disk(0).break_down("hang");
  during_.append_many(client_, 100);
  ASSERT_TRUE(eventually([&] { return cluster_.disk(0).has_struck(); }));
  cluster_.worker(0).kill(SIGTERM);
  EXPECT_EQ(cluster_.worker(0).wait(), (Ended{1, 0}));
  EXPECT_NE(cluster_.worker(0).errors().find("requests still under way"), std::string::npos)
      << cluster_.worker(0).errors();
  EXPECT_EQ(during_.acknowledged(), 0U);
  cluster_.supervise();
  ASSERT_TRUE(wait_for_answers(during_));
  EXPECT_EQ(during_.acknowledged(), 100U);
  during_.expect_stored_once(client_);
}

}  // namespace
}  // namespace kipu
