// kipu-worker as a program, without a broker.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/process.h"

namespace kipu {
namespace {

using test::Ended;
using test::eventually;
using test::Finished;
using test::Process;
using test::program;
using test::run;

class WorkerDaemonTest : public testing::Test {
 protected:
  Finished init() { return run({program("kipu-worker"), "init", "--data", data_}); }
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{program("kipu-worker"), "--data", data_, "--broker",
                                 "tcp://127.0.0.1:" + std::to_string(test::free_port())};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void expect_refused(const Finished& finished, const std::string& what) {
    EXPECT_EQ(finished.ended, (Ended{1, 0}));
    EXPECT_EQ(finished.output, "");
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
  }

  test::TempDirectory directory_;
  const std::string data_ = (directory_ / "store").string();
};

TEST_F(WorkerDaemonTest, ServesAStoreThatWasInitialised) {
  EXPECT_EQ(init().ended, (Ended{0, 0}));
  Process worker(command());
  const auto ready = worker.wait_for_line("kipu-worker ready");
  ASSERT_TRUE(ready) << worker.errors();
  EXPECT_EQ(test::field_of(*ready, "store").size(), 32U);
  worker.kill(SIGTERM);
  EXPECT_EQ(worker.wait(), (Ended{0, 0})) << worker.errors();
}

TEST_F(WorkerDaemonTest, StopsOnInterruptToo) {
  init();
  Process worker(command());
  ASSERT_TRUE(worker.wait_for_line("ready"));
  worker.kill(SIGINT);
  EXPECT_EQ(worker.wait(), (Ended{0, 0}));
}

TEST_F(WorkerDaemonTest, NamesTheRemedyWhereThereIsNoStore) {
  expect_refused(run(command()), "kipu-worker init --data " + data_);
}

TEST_F(WorkerDaemonTest, RefusesToInitialiseWhatIsAStore) {
  init();
  const Finished again = init();
  EXPECT_EQ(again.ended, (Ended{1, 0}));
  EXPECT_NE(again.errors.find(data_), std::string::npos);
}

TEST_F(WorkerDaemonTest, InitialisesAStoreInPlaceOfALostOne) {
  const std::string id = "000102030405060708090a0b0c0d0e0f";
  std::vector<std::string> words{program("kipu-worker"), "init", "--data", data_, "--store", id};
  EXPECT_EQ(run(words).ended, (Ended{0, 0}));
  Process worker(command());
  const auto ready = worker.wait_for_line("kipu-worker ready");
  ASSERT_TRUE(ready) << worker.errors();
  EXPECT_EQ(test::field_of(*ready, "store"), id);
  for (const char* none : {"w1", "00000000000000000000000000000000", ""}) {
    words.back() = none;
    const Finished refused = run(words);
    EXPECT_NE(refused.ended, (Ended{0, 0})) << none;
    EXPECT_NE(refused.errors.find("32 hex digits"), std::string::npos) << refused.errors;
  }
}

TEST_F(WorkerDaemonTest, RefusesAStoreInUse) {
  init();
  Process worker(command());
  ASSERT_TRUE(worker.wait_for_line("ready"));
  expect_refused(run(command()), data_);
}

TEST_F(WorkerDaemonTest, RefusesABrokerThatIsNone) {
  init();
  expect_refused(run({program("kipu-worker"), "--data", data_, "--broker", "nonsense"}),
                 "nonsense");
}

TEST_F(WorkerDaemonTest, RefusesAZoneThatNoMapTakes) {
  init();
  const Finished finished = run(command({"--zone", std::string(65, 'z')}));
  EXPECT_EQ(finished.ended, (Ended{2, 0}));
  EXPECT_NE(finished.errors.find("--zone: the name of a zone has at most 64 bytes"),
            std::string::npos)
      << finished.errors;
}

TEST_F(WorkerDaemonTest, OpensItsLogAnewOnHangup) {
  init();
  const auto log = directory_ / "log";
  Process worker(command({"--log", log.string()}));
  ASSERT_TRUE(worker.wait_for_line("ready"));
  std::filesystem::rename(log, directory_ / "log.1");
  worker.kill(SIGHUP);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(log); }));
  worker.kill(SIGTERM);
  EXPECT_EQ(worker.wait(), (Ended{0, 0}));
  std::ifstream in(log);
  EXPECT_NE(std::string(std::istreambuf_iterator<char>(in), {}).find("stopped"), std::string::npos);
}

TEST_F(WorkerDaemonTest, EndsWithWhoeverStartedIt) {
  init();
  // The shell starts it, tells its process id, and is killed.
  std::string line;
  for (const std::string& word : command({"--die-with-parent"})) line += word + " ";
  Process shell({"sh", "-c", line + "& echo child=$!; wait"});
  // Both write to the same pipe, in any order.
  ASSERT_TRUE(eventually([&] {
    const auto text = shell.output();
    return text.find("child=") != text.npos && text.find("ready") != text.npos;
  }));
  const auto text = shell.output();
  const pid_t child = std::stoi(text.substr(text.find("child=") + 6));
  shell.kill(SIGKILL);
  shell.wait();
  EXPECT_TRUE(eventually([child] {
    // Gone, or left for init to bury.
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string pid;
    std::string name;
    std::string state;
    stat >> pid >> name >> state;
    return state.empty() || state == "Z";
  }));
}

}  // namespace
}  // namespace kipu
