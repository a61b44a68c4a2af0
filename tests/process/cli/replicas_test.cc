// `kipu` over a cluster of three replicas: what single ones have, and how they do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/local_cluster.h"

namespace kipu::test {
namespace {

using testing::HasSubstr;

class ReplicasTest : public testing::Test {
 protected:
  // What a command prints; empty if it fails.
  std::string output_of(std::vector<std::string> words) const {
    const Finished finished = cluster_.kipu(std::move(words));
    return finished.ended == Ended{0, 0} ? finished.output : "";
  }

  const LocalCluster cluster_;
};

TEST_F(ReplicasTest, EachOfThemHasWhatWasAppended) {
  ASSERT_NE(output_of({"append", "fruit", "apple", "pear"}), "");
  EXPECT_EQ(output_of({"get", "fruit"}), "apple\npear\n");
  for (const std::string worker : {"w1", "w2", "3"}) {
    EXPECT_TRUE(eventually([&] {
      return output_of({"get", "fruit", "--from", worker}) == "apple\npear\n";
    })) << worker;
  }
  const Finished nobody = cluster_.kipu({"get", "fruit", "--from", "w9"});
  EXPECT_EQ(nobody.ended, (Ended{2, 0}));
  EXPECT_THAT(nobody.errors, HasSubstr("w9 is no replica"));
}

TEST_F(ReplicasTest, KeysAndEntriesAreListedOnceThoughThreeHaveThem) {
  for (const std::string key : {"c", "a", "b"}) ASSERT_NE(output_of({"append", key, key}), "");
  EXPECT_EQ(output_of({"keys"}), "a\nb\nc\n");
  EXPECT_EQ(output_of({"count", "a"}), "1\n");
  EXPECT_EQ(output_of({"get", "b", "--level", "all"}), "b\n");
}

TEST_F(ReplicasTest, StatusNamesTheReplicaThatIsStoppedAndHowFarItLags) {
  EXPECT_TRUE(eventually([&] { return cluster_.kipu({"status"}).ended == Ended{0, 0}; }));
  const pid_t stopped = cluster_.worker(2);
  ::kill(stopped, SIGSTOP);
  EXPECT_TRUE(eventually([&] { return cluster_.kipu({"status"}).ended == Ended{5, 0}; }));
  EXPECT_NE(output_of({"append", "fruit", "apple"}), "");
  EXPECT_EQ(output_of({"get", "fruit"}), "apple\n");
  EXPECT_TRUE(eventually([&] {
    const std::string status = cluster_.kipu({"status", "-o", "json"}).output;
    return status.find("\"lag_entries\":1,") != std::string::npos;
  }));
  ::kill(stopped, SIGCONT);
  EXPECT_TRUE(eventually([&] {
    const Finished status = cluster_.kipu({"status", "-o", "json"});
    return status.ended == Ended{0, 0} &&
           status.output.find("\"lag_entries\":1,") == std::string::npos;
  }));
}

TEST_F(ReplicasTest, TooFewOfThemAreCountedWhereAWriteIsRefused) {
  const std::vector<pid_t> stopped{cluster_.worker(2), cluster_.worker(3)};
  for (const pid_t worker : stopped) ::kill(worker, SIGSTOP);
  Finished append;
  EXPECT_TRUE(eventually([&] {
    append = cluster_.kipu({"append", "fruit", "apple", "--timeout", "1s"});
    return append.ended == Ended{3, 0};
  }));
  for (const pid_t worker : stopped) ::kill(worker, SIGCONT);
  EXPECT_THAT(append.errors, HasSubstr("1 of 3 "));
  EXPECT_THAT(append.errors, HasSubstr("; see `kipu status`\n"));
}

}  // namespace
}  // namespace kipu::test
