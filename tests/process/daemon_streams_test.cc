// The daemons where nobody takes what they say, without standard streams, and with too few
// descriptors.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/process.h"

namespace kipu {
namespace {

using test::Ended;
using test::Finished;
using test::Process;
using test::program;
using test::run;

class DaemonStreamsTest : public testing::Test {
 protected:
  DaemonStreamsTest() {
    EXPECT_EQ(run({broker_, "init", "--data", of_broker_, "--workers", "1"}).ended, (Ended{0, 0}));
    EXPECT_EQ(run({worker_, "init", "--data", of_worker_}).ended, (Ended{0, 0}));
  }

  std::vector<std::vector<std::string>> servers() const {
    return {{broker_, "--data", of_broker_, "--frontend", "tcp://127.0.0.1:0", "--backend",
             "tcp://127.0.0.1:0"},
            {worker_, "--data", of_worker_, "--broker", "tcp://127.0.0.1:1"}};
  }
  static std::vector<std::string> in_shell(std::vector<std::string> words,
                                           const std::string& redirection,
                                           const std::string& before = {}) {
    words.insert(words.begin(), {"sh", "-c", before + R"(exec "$0" "$@" )" + redirection});
    return words;
  }
  // It ends with that code, and one line which contains `what`.
  static void expect_refused(const Finished& finished, const std::string& what) {
    EXPECT_EQ(finished.ended, (Ended{5, 0}));
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
  }

  const test::TempDirectory directory_;
  const std::string broker_ = program("kipu-broker");
  const std::string worker_ = program("kipu-worker");
  const std::string of_broker_ = (directory_ / "broker").string();
  const std::string of_worker_ = (directory_ / "worker").string();
  const std::string log_ = (directory_ / "log").string();
};

TEST_F(DaemonStreamsTest, EndWhereTheReadyLineIsNotTaken) {
  for (const auto& server : servers()) {
    expect_refused(run(in_shell(server, ">/dev/full")), "standard output took no more");
  }
}

TEST_F(DaemonStreamsTest, SayThatTheirHelpWasNotTaken) {
  for (const std::string& daemon : {broker_, worker_}) {
    for (const std::string words : {"--help", "--version", "init --help"}) {
      expect_refused(run({"sh", "-c", daemon + " " + words + " >/dev/full"}), "took no more");
    }
  }
  const std::string fresh = (directory_ / "fresh").string();
  expect_refused(run(in_shell({broker_, "init", "--data", fresh, "--workers", "1"}, ">/dev/full")),
                 "took no more");
}

TEST_F(DaemonStreamsTest, EndQuietlyWhereNobodyReadsTheReadyLine) {
  for (const auto& server : servers()) {
    // The reader has ended before the daemon begins.
    std::vector<std::string> words = server;
    words.insert(words.begin(), {"bash", "-c", R"(exec 3> >(:); wait $!; "$0" "$@" >&3; echo $?)"});
    const Finished finished = run(words);
    EXPECT_EQ(finished.output, "141\n");
    EXPECT_EQ(finished.errors.find("kipu-"), std::string::npos) << finished.errors;
  }
}

TEST_F(DaemonStreamsTest, ServeWithoutStandardStreams) {
  for (auto server : servers()) {
    server.insert(server.end(), {"--log", log_});
    Process daemon(in_shell(server, "<&- >&- 2>&-"));
    const auto serves = [this] {
      std::ostringstream text;
      text << std::ifstream(log_).rdbuf();
      return text.str().find("serving") != std::string::npos;
    };
    EXPECT_TRUE(test::eventually(serves));
    daemon.kill(SIGTERM);
    EXPECT_EQ(daemon.wait(), (Ended{0, 0}));
    std::ofstream(log_, std::ios::trunc).close();
  }
}

TEST_F(DaemonStreamsTest, NameTheRemedyWhereDescriptorsAreFew) {
  if (test::kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  for (const auto& server : servers()) {
    for (int limit = 6; limit <= 48; limit += 3) {
      const std::string before = "ulimit -n " + std::to_string(limit) + "; ";
      expect_refused(run(in_shell(server, "", before)), "ulimit -Hn");
    }
    Process daemon(in_shell(server, "", "ulimit -n 64; "));
    EXPECT_TRUE(daemon.wait_for_line("ready")) << daemon.errors();
    daemon.kill(SIGTERM);
    EXPECT_EQ(daemon.wait(), (Ended{0, 0}));
  }
  const std::string fresh = (directory_ / "fresh").string();
  expect_refused(run(in_shell({worker_, "init", "--data", fresh}, "", "ulimit -n 12; ")),
                 "ulimit -Hn");
  EXPECT_EQ(run({worker_, "init", "--data", fresh}).ended, (Ended{0, 0}));
}

}  // namespace
}  // namespace kipu
