// The files of a cluster's directory: read as they were written, and never replaced by accident.
#include "client/cli/cluster_folder.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/cli/kept_files.h"
#include "client/cli/own_process.h"
#include "client/cli/process_report.h"
#include "tests/support/process.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(StoreNamesTest, AreReadAsTheyWereWritten) {
  const StoreNames stores{{"worker-1", StoreId{Uuid{1, 2}}}, {"worker-12", StoreId{Uuid{3, 4}}}};
  EXPECT_EQ(parse_stores(format_stores(stores)), stores);
}

TEST(StoreNamesTest, AreTakenAsFarAsTheyAreWhole) {
  const std::string good = "worker-1=00000000000000010000000000000002";
  const StoreNames one{{"worker-1", StoreId{Uuid{1, 2}}}};
  EXPECT_EQ(parse_stores(good), one);
  EXPECT_EQ(parse_stores(good + "\nworker-2=0000\n"), one);
  EXPECT_EQ(parse_stores("\xff\nnewer: line\n" + good + "\n\n"), one);
  EXPECT_THAT(parse_stores(""), IsEmpty());
  EXPECT_THAT(parse_stores("worker-1=00000000000000000000000000000000"), IsEmpty());
}

TEST(ClusterFolderTest, KeepsWhatOthersMayNotRead) {
  const test::TempDirectory home;
  ClusterFolder folder(home / "data");
  const mode_t before = ::umask(0077);
  ASSERT_TRUE(folder.lock());
  ASSERT_TRUE(folder.save({ClusterId{Uuid{1, 2}}, 3, 3, 8, true}));
  ::umask(before);
  const auto mode = [&](const char* name) {
    return fs::status(home / "data" / name).permissions() & fs::perms::all;
  };
  EXPECT_EQ(mode(""), fs::perms::owner_all);
  EXPECT_EQ(mode("logs"), fs::perms::owner_all);
  EXPECT_EQ(mode("cluster"), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(mode("lock"), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(ClusterFolderTest, TellsALostRecordFromADamagedOne) {
  const test::TempDirectory home;
  const ClusterFolder folder(home.path());
  EXPECT_EQ(folder.load().value(), std::nullopt);
  for (const char* text : {"", "cluster=1\n", "\xff", "colour=blue\n"}) {
    std::ofstream(home / "cluster") << text;
    EXPECT_EQ(folder.load().error().code, ErrorCode::corrupt) << text;
  }
}

TEST(ClusterFolderTest, SetsAsideWithoutReplacingAnything) {
  const test::TempDirectory home;
  for (int i = 0; i < 3; ++i) {
    std::ofstream(home / "thing") << i;
    EXPECT_TRUE(set_aside(home / "thing", "lost"));
  }
  EXPECT_FALSE(fs::exists(home / "thing"));
  for (const char* name : {"thing.lost", "thing.lost-2", "thing.lost-3"}) {
    EXPECT_TRUE(fs::exists(home / name)) << name;
  }
  EXPECT_EQ(set_aside(home / "thing", "lost").error().code, ErrorCode::io_error);
}

ProcessState some_process() {
  ProcessState process;
  process.name = "worker-2";
  process.store = StoreId{Uuid{1, 2}};
  process.state = ProcessState::State::waiting;
  process.exit = "exit code 5";
  process.last_words = "it is \"damaged\"";
  process.ends = 3;
  process.log = "/data/logs/worker-2.log";
  process.remedy = "kipu worker replace w2";
  return process;
}

TEST(ProcessReportTest, IsOneLineThatIsReadAsItWasWritten) {
  const std::string text = format_processes({12, {some_process()}});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto report = parse_processes(text);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->supervisor, 12);
  const ProcessState* process = report->find("worker-2");
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->store, some_process().store);
  EXPECT_EQ(process->state, ProcessState::State::waiting);
  EXPECT_EQ(process->last_words, some_process().last_words);
  EXPECT_EQ(process->remedy, some_process().remedy);
  EXPECT_EQ(report->find("worker-3"), nullptr);
}

TEST(ProcessReportTest, HasTimesOnlyOfWhatHappened) {
  ProcessState process = some_process();
  EXPECT_THAT(format_processes({1, {process}}), HasSubstr(R"("last_end":"","next_start":"")"));
  process.last_end = WallTime(std::chrono::milliseconds(1));
  EXPECT_THAT(format_processes({1, {process}}), HasSubstr("1970-01-01T00:00:00.001Z"));
}

TEST(ProcessReportTest, KeepsThoseThatAreDownWhereAllAreTooMany) {
  ProcessReport report{1, {}};
  for (int i = 0; i < 1024; ++i) {
    ProcessState process = some_process();
    process.name = "worker-" + std::to_string(i);
    if (i != 1000) process.state = ProcessState::State::running;
    process.last_words = std::string(kMaxLastWordsBytes, 'x');
    report.processes.push_back(process);
  }
  const std::string text = format_processes(report);
  EXPECT_LE(text.size(), kMaxProcessReportBytes);
  const auto read = parse_processes(text);
  ASSERT_TRUE(read);
  EXPECT_NE(read->find("worker-1000"), nullptr);
}

TEST(ProcessReportTest, IsNothingWhereItIsNone) {
  for (const char* text :
       {"", "{", "[]", "{\"supervisor\":1}", "{\"supervisor\":1,\"processes\":[1]}"}) {
    EXPECT_EQ(parse_processes(text), std::nullopt) << text;
  }
}

TEST(ProcessReportTest, CutsWordsBetweenCharacters) {
  EXPECT_EQ(cut_words("short"), "short");
  EXPECT_EQ(cut_words("a\nb"), "a\\x0Ab");
  std::string longer;
  for (int i = 0; i < 200; ++i) longer += "ü";
  const std::string cut = cut_words(longer);
  EXPECT_LE(cut.size(), kMaxLastWordsBytes);
  EXPECT_TRUE(cut.ends_with("ü…"));
}

TEST(OwnProcessTest, TellsAnotherProcessFromOneOfOurs) {
  const test::TempDirectory home;
  const ClusterFolder folder(home.path());
  fs::create_directory(home / "pids");
  std::ofstream(home / "pids" / "worker-1") << ::getpid() << '\n';
  EXPECT_EQ(running_daemon(folder, "worker-1"), std::nullopt);
  EXPECT_THAT(running_daemons(folder), IsEmpty());
  EXPECT_FALSE(has_lock_open(folder, ::getpid()));
}

TEST(OwnProcessTest, KnowsTheHolderOfALock) {
  const test::TempDirectory home;
  ClusterFolder folder(home / "data");
  ASSERT_TRUE(folder.lock());
  EXPECT_EQ(folder.holder(), ::getpid());
  EXPECT_TRUE(has_lock_open(folder, ::getpid()));
  ClusterFolder other(home / "data");
  EXPECT_EQ(other.lock().error().code, ErrorCode::in_use);
}

TEST(OwnProcessTest, MakesALockAgainWhoseFileWasRemoved) {
  const test::TempDirectory home;
  ClusterFolder folder(home / "data");
  ASSERT_TRUE(folder.lock());
  EXPECT_FALSE(folder.restore().value());
  fs::remove(home / "data" / "lock");
  fs::remove_all(home / "data" / "pids");
  EXPECT_TRUE(folder.restore().value());
  EXPECT_EQ(folder.holder(), ::getpid());
  EXPECT_TRUE(has_lock_open(folder, ::getpid()));
  EXPECT_TRUE(fs::is_directory(home / "data" / "pids"));
  EXPECT_EQ(ClusterFolder(home / "data").lock().error().code, ErrorCode::in_use);
  EXPECT_TRUE(folder.is_in_place());
  fs::rename(home / "data", home / "elsewhere");
  fs::create_directory(home / "data");
  EXPECT_FALSE(folder.is_in_place());
}

TEST(KeptFilesTest, WritesAgainWhatIsMissing) {
  const test::TempDirectory home;
  ClusterFolder folder(home / "data");
  ASSERT_TRUE(folder.lock());
  KeptFiles files(folder);
  ASSERT_TRUE(files.put("endpoint", "here"));
  ASSERT_TRUE(files.put("pids/broker", "1"));
  files.keep("cluster", "all of it");
  EXPECT_EQ(files.restore(), "cluster");
  EXPECT_EQ(files.restore(), "");
  fs::remove_all(home / "data" / "pids");
  fs::remove(home / "data" / "endpoint");
  EXPECT_EQ(files.restore(), "endpoint, pids/broker");
  files.drop("endpoint");
  EXPECT_FALSE(fs::exists(home / "data" / "endpoint"));
  EXPECT_EQ(files.restore(), "");
  // Where the folder itself was moved, what is there in its place is someone else's.
  fs::rename(home / "data", home / "elsewhere");
  fs::create_directory(home / "data");
  EXPECT_EQ(files.restore(), "");
  EXPECT_TRUE(fs::is_empty(home / "data"));
}

}  // namespace
}  // namespace kipu::cli
