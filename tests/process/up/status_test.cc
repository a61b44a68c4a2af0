// `kipu status` over a broker that was started by hand: before its workers have come, after a
// restart, and with what a supervisor says.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/daemons.h"
#include "tests/support/local_cluster.h"

namespace kipu::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class StatusTest : public testing::Test {
 protected:
  void init(const std::string& workers) const {
    ASSERT_EQ(run({program("kipu-broker"), "init", "--data", (directory_ / "broker").string(),
                   "--workers", workers})
                  .ended,
              (Ended{0, 0}));
  }
  void start_broker() {
    broker_ = test::start_broker(directory_ / "broker", {}, {"--processes", processes_.string()});
  }
  void start_worker(const std::string& name) {
    workers_.push_back(test::start_worker(directory_ / name, broker_.place.backend));
  }
  void stop_all() {
    for (const auto& worker : workers_) worker->kill(SIGTERM);
    broker_.process->kill(SIGTERM);
    for (const auto& worker : workers_) worker->wait();
    broker_.process->wait();
    workers_.clear();
  }

  Finished kipu(std::vector<std::string> words) const {
    words.insert(words.begin(), program("kipu"));
    words.insert(words.end(), {"--broker", broker_.place.frontend});
    Process::Options options;
    options.environment = empty_home(directory_.path());
    return run(std::move(words), options);
  }
  // Whether `kipu status` ends like this and says that, at last.
  bool says(int code, const std::string& what) const {
    return eventually([&] {
      last_ = kipu({"status"});
      return last_.ended == Ended{code, 0} && last_.output.find(what) != std::string::npos;
    });
  }
  std::string last() const { return last_.output + last_.errors; }
  // The id of the one worker's store.
  std::string store() const {
    const std::string json = kipu({"status", "-o", "json"}).output;
    constexpr std::string_view kBefore = R"("store":")";
    return json.substr(json.find(kBefore) + kBefore.size(), 32);
  }
  void write_processes(const std::string& text) const {
    const std::filesystem::path next = directory_ / "processes.new";
    std::ofstream(next) << text;
    std::filesystem::rename(next, processes_);
  }

  const TempDirectory directory_;
  const std::filesystem::path processes_ = directory_ / "processes";
  StartedBroker broker_;
  std::vector<std::unique_ptr<Process>> workers_;
  mutable Finished last_;
};

TEST_F(StatusTest, IsAnsweredByABrokerAlone) {
  init("3");
  start_broker();
  const std::string waits =
      "the cluster is not ready yet: it waits for its 3 workers: none has come";
  for (const std::string format : {"text", "raw", "json", "jsonl"}) {
    const Finished status = kipu({"status", "-o", format, "--timeout", "30s"});
    EXPECT_EQ(status.ended, (Ended{5, 0})) << format;
    EXPECT_EQ(status.errors, "") << format;
    // On a terminal it is broken into lines.
    EXPECT_THAT(status.output, HasSubstr(format == "text" ? "not ready yet" : waits));
  }
  EXPECT_THAT(kipu({"status", "-o", "json"}).output, HasSubstr(R"("phase":"starting")"));
}

TEST_F(StatusTest, IsWhatOtherCommandsPointToWhileTheClusterIsNotReady) {
  init("3");
  start_broker();
  const std::string remedy = "kipu status --broker " + broker_.place.frontend;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"get", "fruit"},
                                                {"append", "fruit", "apple"},
                                                {"keys"},
                                                {"ping"},
                                                {"ring"},
                                                {"worker", "list"},
                                                {"worker", "list", "-o", "json"},
                                                {"bucket", "list"}}) {
    std::vector<std::string> with_timeout = words;
    with_timeout.insert(with_timeout.end(), {"--timeout", "500ms"});
    const Finished finished = kipu(with_timeout);
    EXPECT_EQ(finished.ended, (Ended{3, 0})) << words[0];
    EXPECT_EQ(finished.output, "") << words[0];
    EXPECT_THAT(finished.errors,
                HasSubstr("the cluster is not ready yet: it waits for its 3 workers: none has "
                          "come; see `" +
                          remedy + "`"));
    EXPECT_THAT(finished.errors, Not(HasSubstr("kipu up")));
  }
  // The remedy, as it was printed.
  Process::Options options;
  options.environment = empty_home(directory_.path());
  const Finished typed =
      run({"/bin/sh", "-c",
           "PATH=" + std::filesystem::path(program("kipu")).parent_path().string() + ":$PATH " +
               remedy},
          options);
  EXPECT_EQ(typed.ended, (Ended{5, 0})) << typed.errors;
}

TEST_F(StatusTest, SaysAtABirthAndAtARestartWhoHasCome) {
  init("3");
  start_broker();
  start_worker("one");
  EXPECT_TRUE(says(5, "2 of 3 workers to be born: 1 has come")) << last();
  start_worker("two");
  start_worker("three");
  EXPECT_TRUE(says(0, "healthy")) << last();
  stop_all();

  start_broker();
  EXPECT_TRUE(says(5, "its 3 workers: none has come")) << last();
  start_worker("one");
  EXPECT_TRUE(says(5, "a majority of the 3 workers of map 1.1: w1 has come, w2, w3 have not"))
      << last();
  start_worker("three");
  // Of the one that is away nobody says why: so where to look, and what to type.
  EXPECT_TRUE(says(5, "w2 has not been seen since the broker started")) << last();
  EXPECT_THAT(last(),
              HasSubstr("`kipu worker replace w2 --broker " + broker_.place.frontend + "`"));
  start_worker("two");
  EXPECT_TRUE(says(0, "healthy")) << last();
}

TEST_F(StatusTest, SaysWhatTheSupervisorSaysOfAWorkerThatIsDown) {
  init("1");
  start_broker();
  start_worker("one");
  EXPECT_TRUE(says(0, "healthy")) << last();
  const std::string id = store();
  workers_[0]->kill(SIGKILL);
  workers_[0]->wait();
  EXPECT_TRUE(says(5, "w1 is suspect")) << last();
  EXPECT_THAT(last(),
              HasSubstr("`kipu worker replace w1 --broker " + broker_.place.frontend + "`"));

  const std::string process =
      R"({"name":"worker-1","store":")" + id +
      R"json(","pid":0,"state":"stopped","exit":"signal 9 (Killed)",)json"
      R"json("last_words":"the disk \u001b[1m","ends":2,"last_end":"","next_start":"",)json"
      R"json("log":"/data/logs/worker-1.log","remedy":"kipu worker replace w1 --data /data"})json";
  write_processes(R"({"supervisor":1,"processes":[)" + process + "]}\n");
  EXPECT_TRUE(says(5,
                   "  - w1 is down: worker-1 was ended by signal 9 (Killed), 2 times: the disk "
                   "\\x1B[1m; it is not started again; log /data/logs/worker-1.log; "
                   "`kipu worker replace w1 --data /data`\n"))
      << last();
  EXPECT_THAT(kipu({"status", "-o", "json"}).output, HasSubstr("\"process\":" + process));

  // What is none, or too large to be one, says nothing.
  for (const std::string& none : {std::string("{"), std::string(65'537, ' ')}) {
    write_processes(none);
    EXPECT_TRUE(says(5, "w1 is suspect")) << last();
  }
  std::filesystem::remove(processes_);
  EXPECT_TRUE(says(5, "w1 is suspect")) << last();
}

}  // namespace
}  // namespace kipu::test
