// `kipu up` and `kipu down`: processes that are started, watched and stopped.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/local_cluster.h"

namespace kipu::test {
namespace {

class UpTest : public testing::Test {
 protected:
  // A detached cluster does not end with the test: this ends it, also where the test fails.
  class Detached {
   public:
    Detached(const TempDirectory& home, std::string data) : home_(home), data_(std::move(data)) {}
    ~Detached() { kipu({"down", "--data", data_}, home_); }
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;

   private:
    const TempDirectory& home_;
    const std::string data_;
  };

  static Finished kipu(std::vector<std::string> words, const TempDirectory& home) {
    words.insert(words.begin(), program("kipu"));
    Process::Options options;
    options.environment = empty_home(home.path());
    options.directory = home.path();
    return run(std::move(words), options);
  }
  static void expect_refused(const Finished& finished, int code, const std::string& what) {
    EXPECT_EQ(finished.ended, (Ended{code, 0})) << finished.errors;
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
  }
};

TEST_F(UpTest, RefusesASecondOverTheSameDirectory) {
  const LocalCluster cluster(1);
  const std::string data = cluster.data().string();
  expect_refused(cluster.kipu({"up", "--port", "0", "--data", data}), 1,
                 "kipu down --data " + data);
  EXPECT_EQ(cluster.kipu({"append", "still", "serving"}).ended, (Ended{0, 0}));
}

TEST_F(UpTest, RefusesWhatNoClusterCanBe) {
  const TempDirectory home;
  expect_refused(kipu({"up", "--port", "0", "--workers", "3", "--replicas", "4"}, home), 2,
                 "--workers 4");
  expect_refused(kipu({"up", "--port", "0", "--replicas", "0"}, home), 2, "--replicas");
  expect_refused(kipu({"up", "--port", "0", "--partitions", "1000"}, home), 2, "power of two");
  expect_refused(kipu({"up", "--port", "0", "--workers", "0"}, home), 2, "--workers");
  expect_refused(kipu({"up", "--port", "99999"}, home), 2, "--port");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"up", "--port", "0"}, {"down"}, {"worker", "replace", "w1"}}) {
    std::vector<std::string> over_a_store = words;
    over_a_store.insert(over_a_store.begin(), {"--embedded", "store"});
    expect_refused(kipu(over_a_store, home), 2, "--embedded");
  }
  EXPECT_FALSE(std::filesystem::exists(home / "kipu-data"));
}

TEST_F(UpTest, RefusesAPortThatIsTaken) {
  const LocalCluster cluster(1);
  const std::string port = cluster.frontend().substr(cluster.frontend().rfind(':') + 1);
  const TempDirectory home;
  expect_refused(kipu({"up", "--port", port}, home), 1, "port " + port + " is taken");
}

TEST_F(UpTest, GoesOnDetachedUntilItIsToldToStop) {
  const TempDirectory home;
  const std::string data = (home / "data").string();
  const Detached detached(home, data);
  const Finished up =
      kipu({"up", "--detach", "--port", "0", "--workers", "2", "--data", data, "-o", "json"}, home);
  ASSERT_EQ(up.ended, (Ended{0, 0})) << up.errors;
  std::string endpoint;
  std::getline(std::ifstream(home / "data" / "endpoint"), endpoint);
  EXPECT_NE(up.output.find("\"endpoint\":\"" + endpoint + "\""), std::string::npos) << up.output;
  EXPECT_EQ(kipu({"append", "key", "value", "--broker", endpoint}, home).ended, (Ended{0, 0}));
  EXPECT_EQ(kipu({"down", "--data", data}, home).ended, (Ended{0, 0}));
  EXPECT_FALSE(std::filesystem::exists(home / "data" / "endpoint"));
  EXPECT_TRUE(std::filesystem::is_empty(home / "data" / "pids"));
  expect_refused(kipu({"ping", "--timeout", "1s", "--broker", endpoint}, home), 3, "");
  expect_refused(kipu({"down", "--data", data}, home), 0, "nothing runs");
  const Finished again = kipu({"down", "--data", data, "-o", "json"}, home);
  EXPECT_EQ(again.output, "{\"data\":\"" + data + "\",\"was_running\":false}\n");
  EXPECT_EQ(again.errors, "");
  expect_refused(kipu({"down", "--data", (home / "none").string()}, home), 1, "holds no cluster");
}

TEST_F(UpTest, IsTheSameClusterAgainOverItsDirectory) {
  const TempDirectory home;
  const std::string data = (home / "data").string();
  const Detached detached(home, data);
  const std::vector<std::string> again{"up", "--detach", "--port", "0", "--data", data};
  std::vector<std::string> first = again;
  first.insert(first.end(), {"--workers", "2"});
  std::string endpoint;
  const auto start = [&](const std::vector<std::string>& words) {
    const Finished up = kipu(words, home);
    ASSERT_EQ(up.ended, (Ended{0, 0})) << up.errors;
    std::getline(std::ifstream(home / "data" / "endpoint"), endpoint);
  };
  start(first);
  EXPECT_EQ(kipu({"append", "key", "value", "--broker", endpoint}, home).ended, (Ended{0, 0}));
  EXPECT_EQ(kipu({"down", "--data", data}, home).ended, (Ended{0, 0}));
  for (const std::string workers : {"1", "3"}) {
    std::vector<std::string> other = again;
    other.insert(other.end(), {"--workers", workers});
    expect_refused(kipu(other, home), 1, "was made with 2 workers");
  }
  start(again);
  EXPECT_EQ(kipu({"get", "key", "--broker", endpoint}, home).output, "value\n");
  EXPECT_EQ(kipu({"down", "--data", data}, home).ended, (Ended{0, 0}));
}

TEST_F(UpTest, RestartsWhoeverIsKilledAndSaysSo) {
  LocalCluster cluster;
  for (int number = 0; number < 20; ++number) {
    ASSERT_EQ(cluster.kipu({"append", "key-" + std::to_string(number), "value"}).ended,
              (Ended{0, 0}));
  }
  for (std::size_t number = 0; number <= 3; ++number) {
    const std::string name = number == 0 ? "broker" : "worker-" + std::to_string(number);
    ::kill(number == 0 ? cluster.broker() : cluster.worker(number), SIGKILL);
    EXPECT_TRUE(cluster.up().wait_for_error_line(name + " started again"));
    EXPECT_TRUE(eventually([&] { return cluster.kipu({"status"}).ended == Ended{0, 0}; }));
  }
  const Finished keys = cluster.kipu({"keys", "key-", "--count"});
  EXPECT_EQ(keys.output, "20\n") << keys.errors;
  EXPECT_EQ(cluster.kipu({"append", "key-0", "again"}).ended, (Ended{0, 0}));
}

TEST_F(UpTest, StopsItsProcessesWithItself) {
  std::vector<pid_t> processes;
  {
    LocalCluster cluster;
    processes = cluster.processes();
    cluster.up().kill(SIGKILL);
    cluster.up().wait();
    EXPECT_TRUE(eventually([&] {
      return std::none_of(processes.begin(), processes.end(), [](pid_t pid) {
        return std::filesystem::exists("/proc/" + std::to_string(pid) + "/fd/0");
      });
    }));
  }
  LocalCluster cluster(1);
  cluster.up().kill(SIGINT);
  EXPECT_EQ(cluster.up().wait(), (Ended{0, 0})) << cluster.up().errors();
}

TEST_F(UpTest, ServesNothingInThePlaceOfLogsThatACleanerTookOfAllWorkers) {
  const TempDirectory home;
  ASSERT_EQ(kipu({"up", "--port", "0", "--data", "d", "--detach"}, home).ended, (Ended{0, 0}));
  const Detached detached(home, "d");
  std::string endpoint;
  std::getline(std::ifstream(home / "d" / "endpoint"), endpoint);
  ASSERT_EQ(kipu({"append", "key", "value", "--broker", endpoint}, home).ended, (Ended{0, 0}));
  ASSERT_EQ(kipu({"down", "--data", "d"}, home).ended, (Ended{0, 0}));
  ASSERT_EQ(run({"find", home.path().string(), "-name", "0*.log", "-delete"}).ended, (Ended{0, 0}));
  const Finished refused = kipu({"up", "--port", "0", "--data", "d", "--detach"}, home);
  EXPECT_NE(refused.ended, (Ended{0, 0}));
  EXPECT_NE(refused.errors.find(".log is missing"), std::string::npos) << refused.errors;
}

class EmbeddedCommandTest : public UpTest {};

TEST_F(EmbeddedCommandTest, IsNotEmptyWhereACleanerTookItsLogs) {
  const TempDirectory home;
  const std::string store = (home / "store").string();
  ASSERT_EQ(kipu({"--embedded", store, "append", "key", "value"}, home).ended, (Ended{0, 0}));
  ASSERT_EQ(run({"find", store, "-name", "*.log", "-delete"}).ended, (Ended{0, 0}));
  for (const char* command : {"get", "count", "exists"}) {
    expect_refused(kipu({"--embedded", store, command, "key"}, home), 5, ".log is missing");
  }
  expect_refused(kipu({"--embedded", store, "append", "key", "other"}, home), 5,
                 "restore a copy of " + store);
}

TEST_F(EmbeddedCommandTest, NeedsNoServer) {
  const TempDirectory home;
  const auto embedded = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--embedded", (home / "store").string()});
    return kipu(words, home);
  };
  expect_refused(embedded({"get", "key"}), 1, "store");
  EXPECT_FALSE(std::filesystem::exists(home / "store"));
  EXPECT_EQ(embedded({"append", "key", "value"}).ended, (Ended{0, 0}));
  EXPECT_EQ(embedded({"get", "key"}).output, "value\n");
  EXPECT_EQ(embedded({"bucket", "create", "settings", "--mode", "wmrm"}).ended, (Ended{0, 0}));
  EXPECT_EQ(embedded({"put", "k", "v", "--bucket", "settings"}).ended, (Ended{0, 0}));
  EXPECT_EQ(embedded({"get", "k", "--bucket", "settings"}).output, "v\n");
  expect_refused(embedded({"put", "key", "value"}), 1, "kipu append");
  expect_refused(embedded({"get", "none"}), 6, "none");
  expect_refused(kipu({"--embedded", "a", "--broker", "b", "get", "key"}, home), 2, "exclude");
}

TEST_F(EmbeddedCommandTest, IsRefusedWhileAnotherProcessHasTheStore) {
  const TempDirectory home;
  const std::string store = (home / "store").string();
  Process::Options options;
  options.environment = empty_home(home.path());
  options.keep_input_open = true;
  Process shell({program("kipu"), "--embedded", store, "shell"}, options);
  shell.write("append key value\ncount key\nhelp\n");
  ASSERT_TRUE(shell.wait_for_line("EXIT")) << shell.errors();
  expect_refused(kipu({"--embedded", store, "get", "key"}, home), 1, store);
  shell.close_input();
  EXPECT_EQ(shell.wait(), (Ended{0, 0})) << shell.errors();
  EXPECT_EQ(kipu({"--embedded", store, "get", "key"}, home).output, "value\n");
}

}  // namespace
}  // namespace kipu::test
