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

TEST_F(WorkerDaemonTest, ShowsWhatAStoreIs) {
  expect_refused(run({program("kipu-worker"), "show", "--data", data_}), "holds no store");
  const std::string id = "000102030405060708090a0b0c0d0e0f";
  run({program("kipu-worker"), "init", "--data", data_, "--store", id});
  const Finished shown = run({program("kipu-worker"), "show", "--data", data_});
  EXPECT_EQ(shown.ended, (Ended{0, 0})) << shown.errors;
  EXPECT_EQ(shown.output,
            "{\"store\":\"" + id +
                "\",\"cluster\":\"\",\"format\":3,\"whole\":\"none\",\"not_whole\":0,"
                "\"damage\":\"\",\"generation\":0,\"nonce\":0,\"epoch\":0,\"partitions\":0,"
                "\"replicas\":0,\"workers\":[]}\n");
}

// What stands in the last backquotes of a message.
std::string last_command(const std::string& message) {
  const std::size_t end = message.rfind('`');
  const std::size_t begin = message.rfind('`', end - 1);
  return message.substr(begin + 1, end - begin - 1);
}

Finished type(const std::string& line) {
  Process::Options options;
  const std::string programs = std::filesystem::path(program("kipu-worker")).parent_path().string();
  options.environment = {{"PATH", programs + ":/usr/bin:/bin"}};
  return run({"/bin/sh", "-c", line}, options);
}

TEST_F(WorkerDaemonTest, NamesACommandThatReplacesADamagedStore) {
  for (const char* const lost : {"db/CURRENT", "db"}) {
    std::filesystem::remove_all(data_);
    init();
    const Finished before = run({program("kipu-worker"), "show", "--data", data_});
    const std::string id = before.output.substr(0, before.output.find(','));
    std::filesystem::remove_all(std::filesystem::path(data_) / lost);
    const Finished refused = run(command());
    EXPECT_EQ(refused.ended, (Ended{5, 0}));
    const Finished typed = type(last_command(refused.errors));
    EXPECT_EQ(typed.ended, (Ended{0, 0})) << refused.errors << typed.errors;
    const Finished after = run({program("kipu-worker"), "show", "--data", data_});
    EXPECT_NE(after.output.find(id), std::string::npos) << after.output;
  }
  // Both of what was damaged is still there.
  EXPECT_TRUE(std::filesystem::exists(data_ + ".lost/store"));
  EXPECT_TRUE(std::filesystem::exists(data_ + ".lost-2/store"));
}

TEST_F(WorkerDaemonTest, NamesWhatItWasToldToNameForALostStore) {
  const std::string told = "kipu worker replace worker-2";
  expect_refused(run(command({"--replace-with", told})), "`" + told + "`");
  init();
  std::ofstream(data_ + "/store") << "rubbish";
  const Finished damaged = run(command({"--replace-with", told}));
  EXPECT_EQ(damaged.ended, (Ended{5, 0}));
  EXPECT_EQ(last_command(damaged.errors), told);
}

TEST_F(WorkerDaemonTest, GoesOnWithAnInitThatWasInterruptedAsItSays) {
  init();
  std::filesystem::rename(data_ + "/store", data_ + "/store.init");
  const Finished refused = run(command({"--replace-with", "true"}));
  const std::size_t begin = refused.errors.find('`') + 1;
  const std::string line = refused.errors.substr(begin, refused.errors.find('`', begin) - begin);
  EXPECT_EQ(type(line).ended, (Ended{0, 0})) << line;
  EXPECT_TRUE(std::filesystem::exists(data_ + "/store"));
}

TEST_F(WorkerDaemonTest, RefusesAStoreWhoseLogsACleanerTookAndNamesWhatReplacesIt) {
  init();
  std::string id;
  {
    Process worker(command());
    const auto ready = worker.wait_for_line("kipu-worker ready");
    ASSERT_TRUE(ready) << worker.errors();
    id = test::field_of(*ready, "store");
    worker.kill(SIGKILL);
    worker.wait();
  }
  EXPECT_EQ(run({"find", data_, "-name", "*.log", "-delete"}).ended, (Ended{0, 0}));
  const Finished refused = run(command());
  EXPECT_EQ(refused.ended, (Ended{5, 0}));
  EXPECT_NE(refused.errors.find(".log is missing"), std::string::npos) << refused.errors;
  const Finished typed = type(last_command(refused.errors));
  EXPECT_EQ(typed.ended, (Ended{0, 0})) << refused.errors << typed.errors;
  Process worker(command());
  const auto ready = worker.wait_for_line("kipu-worker ready");
  ASSERT_TRUE(ready) << worker.errors();
  EXPECT_EQ(test::field_of(*ready, "store"), id);
}

// There is no access control: what a worker stores is for its owner.
TEST_F(WorkerDaemonTest, KeepsWhatItStoresPrivate) {
  init();
  Process worker(command({"--log", data_ + "/../worker.log"}));
  ASSERT_TRUE(worker.wait_for_line("ready")) << worker.errors();
  const auto mode_of = [](const std::filesystem::path& path) {
    return std::filesystem::status(path).permissions();
  };
  using std::filesystem::perms;
  EXPECT_EQ(mode_of(data_), perms::owner_all);
  EXPECT_EQ(mode_of(data_ + "/../worker.log"), perms::owner_read | perms::owner_write);
  for (const auto& each : std::filesystem::recursive_directory_iterator(data_)) {
    const perms expected =
        each.is_directory() ? perms::owner_all : perms::owner_read | perms::owner_write;
    EXPECT_EQ(mode_of(each.path()), expected) << each.path();
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

TEST_F(WorkerDaemonTest, DoesNotOutliveOneThatEndedBeforeItBegan) {
  init();
  std::string line = "(sleep 0.05; exec";
  for (const std::string& word : command({"--die-with-parent"})) line += " " + word;
  // Its output has no reader any more once `true` has ended.
  line += "; ) 2>" + (directory_ / "errors").string() + " | true";
  const Finished finished = run({"sh", "-c", line});
  EXPECT_TRUE(eventually([&] {
    std::ifstream in(directory_ / "errors");
    return std::string(std::istreambuf_iterator<char>(in), {}).find("has ended") !=
           std::string::npos;
  })) << finished.errors;
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
