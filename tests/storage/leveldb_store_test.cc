#include "storage/leveldb_store.h"

#include <gmock/gmock.h>

#include "storage/store_file.h"
#include "tests/storage/leveldb_fixture.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class LevelDbStoreTest : public LevelDbTest {};

TEST_F(LevelDbStoreTest, KeepsEntriesMapAndNamesWhenReopened) {
  const PlacedEntry entry = entry_at("key", 1, {"value"});
  const ClusterId cluster{Uuid{1, 2}};
  StoreId store_id;
  {
    const auto store = open();
    store_id = store->info().store;
    ASSERT_TRUE(store->merge(std::vector{entry}));
    ASSERT_TRUE(store->save_map(cluster, "map"));
  }
  const auto store = open();
  EXPECT_EQ(store->page(page_of("key")).value(), (Page{{entry.entry}, true}));
  EXPECT_EQ(store->info().store, store_id);
  EXPECT_EQ(store->info().cluster, cluster);
  EXPECT_EQ(store->info().map, "map");
  EXPECT_EQ(store->stats().entries_estimate, 1U);
  const Status foreign = store->save_map(ClusterId{Uuid{3, 4}}, "foreign");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::wrong_cluster);
}

TEST_F(LevelDbStoreTest, AddsARunEachTimeItIsOpened) {
  const std::vector<storage::Run> first = open()->info().runs;
  const std::vector<storage::Run> second = open()->info().runs;
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0], first[0]);
  EXPECT_NE(second[1].number, first[0].number);
}

TEST_F(LevelDbStoreTest, IsToldThatWhatItLacksIsLost) {
  Wholeness whole{Wholeness::Kind::all_but, {PartitionId{3}}, {7}};
  {
    const auto store = open();
    ASSERT_TRUE(store->save_wholeness(whole));
    EXPECT_EQ(accept_loss(directory_).error().code, ErrorCode::in_use);
  }
  ASSERT_TRUE(accept_loss(directory_));
  whole.accepts_loss = true;
  const auto store = open();
  EXPECT_EQ(store->info().whole, whole);
}

TEST_F(LevelDbStoreTest, AcceptsNoLossWhereNothingIsMissing) {
  ASSERT_TRUE(open()->save_wholeness({Wholeness::Kind::all_but, {}}));
  EXPECT_EQ(accept_loss(directory_).error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(open()->info().whole.accepts_loss);
  EXPECT_EQ(accept_loss(directory_ / "nowhere").error().code, ErrorCode::not_a_store);
}

TEST_F(LevelDbStoreTest, KeepsTheNewestRunsOnly) {
  StoreInfo info = open()->info();
  info.runs.clear();
  for (std::uint64_t run = 0; run < kMaxRuns; ++run) info.runs.push_back({run});
  write_bytes(directory_ / "store", encode_store_file(info));
  make_known(kMaxRuns - 1);
  const auto store = open();
  const std::vector<storage::Run>& runs = store->info().runs;
  EXPECT_EQ(store->info().forgotten_runs, 1U);
  ASSERT_EQ(runs.size(), kMaxRuns);
  EXPECT_EQ(runs.front().number, 1U);
  EXPECT_EQ(runs[kMaxRuns - 2].number, kMaxRuns - 1);
}

TEST_F(LevelDbStoreTest, RefusesASecondStoreInOneDirectory) {
  const Status again = init_leveldb_store(directory_, rng_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(again.error().message, HasSubstr("holds a store already"));
  EXPECT_TRUE(try_open(directory_));
}

TEST_F(LevelDbStoreTest, MakesNoStoreAmongOtherThings) {
  fs::create_directory(temp_ / "full");
  write_bytes(temp_ / "full" / "letter", "dear");
  const Status refused = init_leveldb_store(temp_ / "full", rng_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("letter"));
  EXPECT_FALSE(fs::exists(temp_ / "full" / "db"));
}

TEST_F(LevelDbStoreTest, MakesAStoreInAnEmptyFileSystem) {
  fs::create_directories(temp_ / "mount" / "lost+found");
  EXPECT_TRUE(init_leveldb_store(temp_ / "mount", rng_));
  EXPECT_TRUE(try_open(temp_ / "mount"));
}

TEST_F(LevelDbStoreTest, MakesDirectoriesThatAreMissing) {
  EXPECT_TRUE(init_leveldb_store(temp_ / "a" / "b" / "c", rng_));
  EXPECT_TRUE(try_open(temp_ / "a" / "b" / "c"));
}

TEST_F(LevelDbStoreTest, OpensNothingWhereNoStoreIs) {
  const auto missing = try_open(temp_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_a_store);
  EXPECT_THAT(missing.error().message, HasSubstr("missing holds no store"));
  EXPECT_FALSE(fs::exists(temp_ / "missing"));
  fs::create_directory(temp_ / "empty");
  const auto empty = try_open(temp_ / "empty");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::not_a_store);
  EXPECT_TRUE(fs::is_empty(temp_ / "empty"));
}

TEST_F(LevelDbStoreTest, MakesNoNewDatabaseWhereCurrentIsMissing) {
  ASSERT_TRUE(open()->merge(std::vector{entry_at("key", 1, {"v"})}));
  fs::remove(directory_ / "db" / "CURRENT");
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("CURRENT is missing"));
  EXPECT_FALSE(fs::exists(directory_ / "db" / "CURRENT"));
}

TEST_F(LevelDbStoreTest, MakesNoNewDatabaseWhereItIsMissing) {
  fs::remove_all(directory_ / "db");
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("db is missing"));
  EXPECT_FALSE(fs::exists(directory_ / "db"));
}

TEST_F(LevelDbStoreTest, OpensNoDatabaseWithoutItsStoreFile) {
  fs::remove(directory_ / "store");
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("no store file"));
  // And makes no new store over its data.
  const Status init = init_leveldb_store(directory_, rng_);
  ASSERT_FALSE(init);
  EXPECT_EQ(init.error().code, ErrorCode::invalid_argument);
}

TEST_F(LevelDbStoreTest, OpensNoDamagedOrNewerStoreFile) {
  std::string bytes = bytes_of(directory_ / "store");
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  write_bytes(directory_ / "store", bytes);
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("store is damaged"));
  write_bytes(directory_ / "store", "");
  EXPECT_EQ(error_of_open().code, ErrorCode::corrupt);
}

TEST_F(LevelDbStoreTest, GoesOnWithAnInitThatWasInterrupted) {
  const StoreId lost{Uuid{1, 2}};
  const auto begun = temp_ / "begun";
  ASSERT_TRUE(init_leveldb_store(begun, rng_, lost));
  fs::rename(begun / "store", begun / "store.init");
  ASSERT_TRUE(init_leveldb_store(begun, rng_));
  const auto found = inspect_leveldb_store(begun);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->info.store, lost);
  EXPECT_EQ(found->info.whole.kind, Wholeness::Kind::none);
  fs::rename(begun / "store", begun / "store.init");
  write_bytes(begun / "store.init", "torn");
  ASSERT_TRUE(init_leveldb_store(begun, rng_));
  EXPECT_NE(inspect_leveldb_store(begun).value().info.store, lost);
}

TEST_F(LevelDbStoreTest, SaysWhatAStoreIsThatAnotherHasOpen) {
  const auto store = open();
  ASSERT_TRUE(store->save_map(ClusterId{Uuid{3, 4}}, "a map"));
  const auto found = inspect_leveldb_store(directory_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->info.store, store->info().store);
  EXPECT_EQ(found->info.map, "a map");
  EXPECT_EQ(found->format, kFormatVersion);
  EXPECT_TRUE(found->database);
  fs::remove(directory_ / "db" / "CURRENT");
  EXPECT_EQ(inspect_leveldb_store(directory_).value().database.error().code, ErrorCode::corrupt);
  write_bytes(directory_ / "store", "");
  EXPECT_EQ(inspect_leveldb_store(directory_).error().code, ErrorCode::corrupt);
  EXPECT_EQ(inspect_leveldb_store(temp_ / "none").error().code, ErrorCode::not_a_store);
}

TEST_F(LevelDbStoreTest, IsOpenOnlyOnceAtATime) {
  const auto store = open();
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::in_use);
  EXPECT_THAT(error.message, HasSubstr("in use"));
  const Status init = init_leveldb_store(directory_, rng_);
  ASSERT_FALSE(init);
  EXPECT_EQ(init.error().code, ErrorCode::in_use);
  // The refused open has added no run.
  EXPECT_EQ(decode_store_file(bytes_of(directory_ / "store")).value().runs, store->info().runs);
}

TEST_F(LevelDbStoreTest, IsNotOpenedWhileAnotherProcessHasIt) {
  test::Process::Options options;
  options.keep_input_open = true;
  test::Process process({test::program("kipu-test-store"), directory_.string()}, options);
  ASSERT_TRUE(process.wait_for_line("ready"));
  EXPECT_EQ(error_of_open().code, ErrorCode::in_use);
  process.kill(SIGKILL);
  process.wait();
  EXPECT_TRUE(try_open(directory_));
}

TEST_F(LevelDbStoreTest, IsNotOpenedWhileAnyoneHasItsDatabase) {
  const auto database = open_database();
  EXPECT_EQ(error_of_open().code, ErrorCode::in_use);
}

// Of another user's, say: there is no other process to stop.
TEST_F(LevelDbStoreTest, WithALockFileThatCannotBeOpenedIsNotInUse) {
  fs::remove(directory_ / "db" / "LOCK");
  fs::create_directory(directory_ / "db" / "LOCK");
  EXPECT_EQ(error_of_open().code, ErrorCode::io_error) << error_of_open().message;
}

TEST_F(LevelDbStoreTest, MakesAStoreFromAnyInterruptedInit) {
  const std::string store_file = bytes_of(directory_ / "store");
  // What a crash may leave: the mark alone, torn or whole; with a database begun, or complete.
  const auto leave = [&](const std::string& name, std::string_view mark) {
    fs::create_directory(temp_ / name);
    write_bytes(temp_ / name / "store.init", mark);
    return temp_ / name;
  };
  std::vector<fs::path> left{leave("torn", std::string_view(store_file).substr(0, 10)),
                             leave("mark", store_file), leave("begun", store_file),
                             leave("complete", store_file)};
  fs::create_directory(left[2] / "db");
  write_bytes(left[2] / "db" / "MANIFEST-000001", "half of");
  fs::copy(directory_ / "db", left[3] / "db");
  for (const fs::path& directory : left) {
    const auto refused = try_open(directory);
    ASSERT_FALSE(refused) << directory;
    EXPECT_EQ(refused.error().code, ErrorCode::not_a_store) << directory;
    EXPECT_THAT(refused.error().message, HasSubstr("interrupted"));
    const Status made = init_leveldb_store(directory, rng_);
    ASSERT_TRUE(made) << directory << ": " << made.error().message;
    EXPECT_TRUE(try_open(directory)) << directory;
    EXPECT_FALSE(fs::exists(directory / "store.init"));
  }
}

TEST_F(LevelDbStoreTest, IgnoresAStoreFileThatWasNotFinished) {
  write_bytes(directory_ / "store.new", "half of");
  EXPECT_TRUE(try_open(directory_));
}

TEST_F(LevelDbStoreTest, AcceptsNoMoreWritesAfterTheStoreFileCouldNotBeReplaced) {
  const auto store = open();
  fs::create_directory(directory_ / "store.new");  // stands where the next store file is written
  const Status failed = store->save_map(ClusterId{Uuid{1, 2}}, "map");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::io_error);
  EXPECT_TRUE(store->info().cluster.is_none());
  fs::remove(directory_ / "store.new");
  const Status refused = store->merge(std::vector{entry_at("key", 1, {"v"})});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io_error);
  EXPECT_EQ(store->count(count_of("key")).value(), Count{});
}

}  // namespace
}  // namespace kipu::storage
