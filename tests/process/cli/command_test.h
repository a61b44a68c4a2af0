// `kipu` over a cluster that the tests of a suite share: each has keys of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/local_cluster.h"

namespace kipu::test {

class CommandTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster = std::make_unique<LocalCluster>(); }
  static void TearDownTestSuite() { cluster.reset(); }
  void TearDown() override { EXPECT_FALSE(cluster->has_restarted()); }

  static Finished kipu(std::vector<std::string> words, std::string input = {}) {
    return cluster->kipu(std::move(words), std::move(input));
  }
  // What it prints. A failure of the test if it does not succeed.
  static std::string output_of(std::vector<std::string> words, std::string input = {}) {
    const Finished finished = kipu(std::move(words), std::move(input));
    EXPECT_EQ(finished.ended, (Ended{0, 0})) << finished.errors;
    return finished.output;
  }
  // It ends with this code, and says one line that contains `what`, which names what to do or
  // where.
  static void expect_error(std::vector<std::string> words, int code, const std::string& what,
                           std::string input = {}) {
    expect_refusal(kipu(std::move(words), std::move(input)), code, what);
  }
  static void expect_refusal(const Finished& finished, int code, const std::string& what) {
    EXPECT_EQ(finished.ended, (Ended{code, 0})) << finished.errors;
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
    EXPECT_EQ(finished.errors.find('\n'), finished.errors.size() - 1) << finished.errors;
  }

  static std::unique_ptr<LocalCluster> cluster;
};

inline std::unique_ptr<LocalCluster> CommandTest::cluster;

}  // namespace kipu::test
