// What is acknowledged or readable has been synced: under a disk that hangs, fails, or takes the
// process with it.
#include <csignal>
#include <fstream>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "storage/leveldb_store.h"
#include "tests/storage/entries.h"
#include "tests/support/fsync_shim.h"
#include "tests/support/process.h"

namespace kipu::storage {
namespace {

class SyncTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(init_leveldb_store(directory_ / "store", rng_)); }

  test::Process start(std::vector<std::pair<std::string, std::string>> environment) {
    test::Process::Options options;
    options.environment = test::fsync_shim_environment();
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    options.keep_input_open = true;
    test::Process process({test::program("kipu-test-store"), (directory_ / "store").string()},
                          options);
    EXPECT_TRUE(process.wait_for_line("ready")) << process.errors();
    return process;
  }

  test::Process start_controlled() {
    return start({{"KIPU_SHIM_CONTROL", (directory_ / "control").string()},
                  {"KIPU_SHIM_REPORT", (directory_ / "report").string()}});
  }

  void command_shim(const std::string& mode) {
    std::ofstream(directory_ / "next") << mode;
    std::filesystem::rename(directory_ / "next", directory_ / "control");
  }

  bool has_struck(const std::string& mode) {
    return test::eventually([&] {
      std::ifstream report(directory_ / "report");
      std::string word;
      while (report >> word) {
        if (word == mode) return true;
      }
      return false;
    });
  }

  static std::string ask(test::Process& process, const std::string& command,
                         const std::string& answer) {
    process.write(command + "\n");
    return process.wait_for_line(answer).value_or("nothing");
  }

  // Of "key", as the store holds it once no other process does.
  std::uint64_t stored() {
    const auto store = open_leveldb_store(directory_ / "store", {}, rng_);
    EXPECT_TRUE(store) << store.error().message;
    return store ? (*store)->count(count_of("key")).value().entries : 0;
  }

  test::TempDirectory directory_;
  Rng rng_{1};
};

TEST_F(SyncTest, AcknowledgesAndShowsNothingWhileASyncHangs) {
  test::Process process = start_controlled();
  EXPECT_EQ(ask(process, "merge key 1", "merged"), "merged key 1 ok");
  command_shim("hang");
  process.write("merge key 2\n");
  ASSERT_TRUE(has_struck("hang"));
  EXPECT_EQ(ask(process, "count key", "count"), "count key 1");
  EXPECT_EQ(process.output().find("merged key 2"), std::string::npos);
  command_shim("");
  EXPECT_EQ(process.wait_for_line("merged").value_or("nothing"), "merged key 2 ok");
  EXPECT_EQ(ask(process, "count key", "count"), "count key 2");
}

TEST_F(SyncTest, AcceptsNoMoreMergesAfterASyncFailed) {
  test::Process process = start_controlled();
  EXPECT_EQ(ask(process, "merge key 1", "merged"), "merged key 1 ok");
  command_shim("fail");
  EXPECT_EQ(ask(process, "merge key 2", "merged"), "merged key 2 io_error");
  command_shim("");
  EXPECT_EQ(ask(process, "merge key 3", "merged"), "merged key 3 io_error");
  EXPECT_EQ(ask(process, "count key", "count"), "count key 1");
  process.close_input();
  EXPECT_EQ(process.wait(), (test::Ended{0, 0}));
  // What became of the failed merge is unknown; what came before it is there.
  const std::uint64_t entries = stored();
  EXPECT_GE(entries, 1U);
  EXPECT_LE(entries, 2U);
}

// The process is killed around the sync of merge number `at`, out of six.
struct Kill {
  std::string mode;
  std::uint64_t at;
  // Its first sync is that of its run.
  std::string sync() const { return std::to_string(at + 1); }
  friend void PrintTo(const Kill& kill, std::ostream* to) { *to << kill.mode << " at " << kill.at; }
};

class KilledSyncTest : public SyncTest, public ::testing::WithParamInterface<Kill> {};

TEST_P(KilledSyncTest, KeepsWhatItAcknowledged) {
  const auto& [mode, at] = GetParam();
  test::Process process = start({{"KIPU_SHIM_MODE", mode}, {"KIPU_SHIM_AT", GetParam().sync()}});
  for (int i = 1; i <= 6; ++i) process.write("merge key " + std::to_string(i) + "\n");
  EXPECT_EQ(process.wait(), (test::Ended{-1, SIGKILL}));
  const auto is_acknowledged = [&](std::uint64_t time) {
    const std::string line = "merged key " + std::to_string(time) + " ok";
    return process.output().find(line) != std::string::npos;
  };
  for (std::uint64_t time = 1; time <= 6; ++time) EXPECT_EQ(is_acknowledged(time), time < at);
  const std::uint64_t entries = stored();
  EXPECT_GE(entries, mode == "kill_after" ? at : at - 1);
  EXPECT_LE(entries, at);
}

TEST_P(KilledSyncTest, KeepsEntriesLogAndCursorsTogether) {
  const auto& [mode, at] = GetParam();
  test::Process process = start({{"KIPU_SHIM_MODE", mode}, {"KIPU_SHIM_AT", GetParam().sync()}});
  for (int i = 1; i <= 6; ++i) process.write("commit key " + std::to_string(i) + "\n");
  EXPECT_EQ(process.wait(), (test::Ended{-1, SIGKILL}));
  const auto store = open_leveldb_store(directory_ / "store", {}, rng_).value();
  const std::uint64_t entries = store->count(count_of("key")).value().entries;
  EXPECT_GE(entries, mode == "kill_after" ? at : at - 1);
  const Fetched found = store->fetch({{}, {{0}}}).value();
  EXPECT_EQ(found.commits.size(), entries);
  EXPECT_EQ(found.through.counter, entries);
  const StreamState& stream = store->info().stream;
  EXPECT_EQ(stream.head, found.head);
  if (entries == 0) return;
  const StoreId other{Uuid{1, 1}};
  EXPECT_EQ(stream.cursors, (std::map<StoreId, Position>{{other, {1, entries}}}));
  EXPECT_EQ(stream.acknowledged, (std::map<StoreId, Position>{{other, stream.head}}));
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, KilledSyncTest,
                         ::testing::Values(Kill{"kill_before", 1}, Kill{"kill_before", 2},
                                           Kill{"kill_before", 5}, Kill{"kill_after", 1},
                                           Kill{"kill_after", 2}, Kill{"kill_after", 5}),
                         [](const auto& kill) {
                           return kill.param.mode + "_" + std::to_string(kill.param.at);
                         });

}  // namespace
}  // namespace kipu::storage
