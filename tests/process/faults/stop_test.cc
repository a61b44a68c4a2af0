// Processes that are told to stop, or to open their log anew, while clients write.
#include <fstream>
#include <iterator>

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

class StopTest : public testing::Test {
 protected:
  // Writes while `process` is told to stop, waits until it has, and starts it anew.
  void stop_under_load(test::Process& process) {
    const std::size_t before = ledger_.acknowledged();
    ledger_.append_many(client_, 300);
    ASSERT_TRUE(eventually([&] { return ledger_.acknowledged() > before; }));
    ledger_.append_many(client_, 300);
    process.kill(SIGTERM);
    ledger_.append_many(client_, 300);
    EXPECT_EQ(process.wait(), (Ended{0, 0})) << process.errors();
    cluster_.supervise();
    ASSERT_TRUE(wait_for_answers());
  }
  bool wait_for_answers() {
    return eventually([&] { return ledger_.open() == 0; });
  }
  static Client small_batches(const Cluster& cluster) {
    ClientOptions options;
    options.batch_entries = 8;
    return cluster.client(options);
  }
  std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Ledger ledger_{"load"};
  Cluster cluster_{{.workers = 3, .replicas = 3}};
  Client client_ = small_batches(cluster_);
};

TEST_F(StopTest, AWorkerThatIsToldToStopUnderLoadLosesNothingAcknowledged) {
  for (std::size_t round = 0; round < 6; ++round) {
    stop_under_load(cluster_.worker(round % 3));
    ledger_.expect_stored_once(client_);
  }
  EXPECT_EQ(ledger_.acknowledged(), 5'400U);
}

TEST_F(StopTest, ABrokerThatIsToldToStopUnderLoadLosesNothingAcknowledged) {
  for (int round = 0; round < 3; ++round) stop_under_load(cluster_.broker());
  ledger_.expect_stored_once(client_);
  EXPECT_EQ(ledger_.acknowledged(), 2'700U);
}

TEST_F(StopTest, LogsAreOpenedAnewUnderLoad) {
  const auto check = [&](const std::string& name, test::Process& process) {
    const auto log = cluster_.log_of(name);
    const auto former = log.string() + ".1";
    std::filesystem::rename(log, former);
    ledger_.append_many(client_, 300);
    process.kill(SIGHUP);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(log); })) << name;
    process.kill(SIGTERM);
    EXPECT_EQ(process.wait(), (Ended{0, 0}));
    EXPECT_NE(text_of(log).find("stopped"), std::string::npos) << name;
    EXPECT_NE(text_of(former).find("serving"), std::string::npos) << name;
    cluster_.supervise();
  };
  check("broker", cluster_.broker());
  check("worker0", cluster_.worker(0));
  check("worker1", cluster_.worker(1));
  check("worker2", cluster_.worker(2));
  ASSERT_TRUE(wait_for_answers());
  EXPECT_EQ(ledger_.acknowledged(), 1'200U);
  ledger_.expect_stored_once(client_);
}

}  // namespace
}  // namespace kipu
