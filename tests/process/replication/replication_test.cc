// Three workers with a replica of everything, eight writers, and faults. The numbers of rounds are
// few here; scripts/replication runs many.
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/process/replication/rounds.h"
#include "tests/support/seed.h"

namespace kipu::test {
namespace {

constexpr Duration kFaultLength = std::chrono::seconds(5);

std::size_t number_from(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoul(text);
}

class ReplicationTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Network::is_possible()) network = std::make_unique<Network>(3);
  }
  static void TearDownTestSuite() {
    EXPECT_GE(acknowledged, number_from("KIPU_ACKNOWLEDGED", 1));
    network.reset();
  }

  static std::unique_ptr<Network> network;
  static std::size_t acknowledged;
};

std::unique_ptr<Network> ReplicationTest::network;
std::size_t ReplicationTest::acknowledged =
    1;  // where all tests of it are skipped, none are missed

TEST_F(ReplicationTest, LosesNothingWhereProcessesAreKilled) {
  Rounds rounds(network.get(), drawn_seed());
  rounds.kill_many(number_from("KIPU_KILLS", 5));
  acknowledged += rounds.finish();
}

TEST_F(ReplicationTest, LosesNothingWhereWorkersAreStopped) {
  Rounds rounds(network.get(), drawn_seed());
  for (std::size_t round = 0; round < number_from("KIPU_STOPS", 2); ++round) {
    rounds.stop_worker(kFaultLength);
  }
  acknowledged += rounds.finish();
}

TEST_F(ReplicationTest, WritesGoOnBesideASlowReplica) {
  Rounds rounds(network.get(), drawn_seed());
  const auto length = std::chrono::seconds(number_from("KIPU_SLOW_SECONDS", 3));
  for (std::size_t round = 0; round < number_from("KIPU_SLOW", 1); ++round) {
    rounds.compare_stopped(length);
    rounds.compare_slow_disk(length);
  }
  acknowledged += rounds.finish();
}

TEST_F(ReplicationTest, LosesNothingWhereWorkersAreCutOff) {
  if (network == nullptr) GTEST_SKIP() << "needs root, nftables and iproute2";
  Rounds rounds(network.get(), drawn_seed());
  for (std::size_t round = 0; round < number_from("KIPU_CUTS", 3); ++round) {
    constexpr std::array kCuts{Cut::both_ways, Cut::incoming, Cut::outgoing};
    rounds.cut_worker(kCuts[round % kCuts.size()], kFaultLength);
  }
  acknowledged += rounds.finish();
}

}  // namespace
}  // namespace kipu::test
