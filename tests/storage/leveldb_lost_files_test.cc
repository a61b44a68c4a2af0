// A store of which a hand, a cleaner or a restored copy has taken a part: it is never opened with
// less in it, and nothing of what is left is touched. Each test takes one thing away from a store
// that was closed, or whose process was killed.
#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <leveldb/env.h>

#include "base/digest.h"
#include "storage/store_file.h"
#include "tests/storage/leveldb_fixture.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::map<std::string, std::string> contents_of(const fs::path& directory) {
  std::map<std::string, std::string> contents;
  for (const auto& file : fs::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (name.starts_with("LOG") || name == "LOCK") continue;
    contents[name] = bytes_of(file.path());
  }
  return contents;
}

// While it lives, LevelDB does nothing in the background: what it does there for all databases of a
// process, one thread does, one thing after the other.
class PausedBackground {
 public:
  PausedBackground() {
    leveldb::Env::Default()->Schedule(wait, new std::shared_ptr<Shared>(shared_));
    shared_->reached.get_future().wait();
  }
  PausedBackground(const PausedBackground&) = delete;
  PausedBackground& operator=(const PausedBackground&) = delete;
  ~PausedBackground() { shared_->go_on.set_value(); }

 private:
  struct Shared {
    std::promise<void> reached;
    std::promise<void> go_on;
  };
  static void wait(void* argument) {
    const std::unique_ptr<std::shared_ptr<Shared>> shared(
        static_cast<std::shared_ptr<Shared>*>(argument));
    (*shared)->reached.set_value();
    (*shared)->go_on.get_future().wait();
  }

  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

class LostFilesTest : public LevelDbTest {
 protected:
  void SetUp() override {
    LevelDbTest::SetUp();
    options_.write_buffer_bytes = std::size_t{64} * 1024;
  }

  // Merges entries of `bytes`, each in a commit of its own.
  void merge(Store& store, int entries, std::size_t bytes = 100) {
    for (; entries > 0; --entries) {
      std::string value;  // random, so that no table is smaller than a log
      while (value.size() < bytes) append_le(value, rng_.next());
      ASSERT_TRUE(store.merge(std::vector{entry_at("key", ++merged_, {value})}));
    }
  }
  void merge_in_one_run(int entries) { merge(*open(), entries); }

  // A copy with a log that is still needed, and the one after it: as a process leaves a store that
  // is killed before a table was made of the older one.
  fs::path killed_with_two_logs() {
    const auto store = open();
    while (true) {
      const PausedBackground paused;
      const std::size_t before = newest_log(directory_);
      merge(*store, 1, 10'000);
      if (newest_log(directory_) != before) return copy();
    }
  }
  static std::size_t newest_log(const fs::path& directory) {
    return log_number(files_of(directory, ".log").back().native()).value();
  }

  // Opening fails, names `what`, and leaves the database as it is.
  void expect_refused(const fs::path& directory, const std::string& what) {
    const auto before = contents_of(directory / "db");
    for (int tries = 0; tries < 2; ++tries) {
      const auto opened = try_open(directory);
      ASSERT_FALSE(opened) << what << ", but it has "
                           << (*opened)->count(count_of("key")).value().entries << " of "
                           << merged_;
      EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << opened.error().message;
      EXPECT_THAT(opened.error().message, HasSubstr(what));
      EXPECT_THAT(opened.error().message, HasSubstr("restore a copy of " + directory.string()));
    }
    EXPECT_EQ(contents_of(directory / "db"), before);
  }
  void expect_refused(const std::string& what) { expect_refused(directory_, what); }

  void expect_all(const fs::path& directory) {
    const auto opened = try_open(directory);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ((*opened)->count(count_of("key")).value().entries, merged_);
  }

  std::uint64_t merged_ = 0;
};

TEST_F(LostFilesTest, MissesALogThatWasRemoved) {
  merge_in_one_run(3);
  const fs::path log = files_of(directory_, ".log").front();
  fs::remove(log);
  expect_refused(log.string() + " is missing");
}

TEST_F(LostFilesTest, MissesTheLogOfAStoreThatNothingWasMergedInto) {
  ASSERT_TRUE(try_open(directory_));
  fs::remove(files_of(directory_, ".log").front());
  expect_refused("is missing");
}

TEST_F(LostFilesTest, MissesTheLogOfAProcessThatWasKilled) {
  const auto store = open();
  merge(*store, 3);
  const fs::path killed = copy();
  fs::remove(files_of(killed, ".log").front());
  expect_refused(killed, ".log is missing");
}

TEST_F(LostFilesTest, MissesEitherOfTwoLogs) {
  const fs::path killed = killed_with_two_logs();
  expect_all(killed);
  for (const bool is_newer : {false, true}) {
    const fs::path again = killed_with_two_logs();
    const std::vector<fs::path> logs = files_of(again, ".log");
    fs::remove(is_newer ? logs.back() : logs.front());
    expect_refused(again, ".log is missing");
  }
}

TEST_F(LostFilesTest, MissesWhatWasCutOffEitherOfTwoLogs) {
  for (const bool is_newer : {false, true}) {
    const fs::path killed = killed_with_two_logs();
    const std::vector<fs::path> logs = files_of(killed, ".log");
    const fs::path cut = is_newer ? logs.back() : logs.front();
    fs::resize_file(cut, is_newer ? 0 : fs::file_size(cut) - 1);
    expect_refused(killed, cut.string() + " has ");
  }
}

TEST_F(LostFilesTest, MissesAnyEndOfTheLogOfAStoreThatWasClosed) {
  merge_in_one_run(10);
  const fs::path log = files_of(directory_, ".log").front().filename();
  const std::size_t size = fs::file_size(directory_ / "db" / log);
  for (std::size_t kept = 0; kept < size; kept += 83) {
    const fs::path cut = copy();
    fs::resize_file(cut / "db" / log, kept);
    expect_refused(cut, fmt::format("{} has {} bytes, of at least {} that it had",
                                    (cut / "db" / log).string(), kept, size));
  }
}

TEST_F(LostFilesTest, MissesHalfOfALongLogOfAProcessThatWasKilled) {
  options_.write_buffer_bytes = std::size_t{64} * 1024 * 1024;
  const auto store = open();
  merge(*store, 20, 100'000);
  const fs::path killed = copy();
  const fs::path log = files_of(killed, ".log").front();
  fs::resize_file(log, fs::file_size(log) / 2 - 1);
  expect_refused(killed, log.string() + " has ");
}

TEST_F(LostFilesTest, OpensTheStoreOfAProcessThatWasKilledAtAnyTime) {
  const auto store = open();
  for (int commits = 0; commits < 60; ++commits) {
    fs::path killed;
    {
      const PausedBackground paused;
      merge(*store, 1, 10'000);
      killed = copy();
    }
    expect_all(killed);
    fs::remove_all(killed);
  }
}

TEST_F(LostFilesTest, MissesTheNewestManifestWhereCurrentNamesAnOlderOne) {
  merge_in_one_run(3);
  const fs::path older = copy();
  merge_in_one_run(3);
  for (const auto& file : fs::directory_iterator(older / "db")) {
    fs::copy(file.path(), directory_ / "db", fs::copy_options::skip_existing);
  }
  fs::copy(older / "db" / "CURRENT", directory_ / "db" / "CURRENT",
           fs::copy_options::overwrite_existing);
  expect_refused("CURRENT names MANIFEST-");
}

TEST_F(LostFilesTest, MissesWhatAnOlderCopyOfTheManifestDoesNotSay) {
  const auto store = open();
  const fs::path current = directory_ / "db" / "CURRENT";
  std::string name = bytes_of(current);
  name.pop_back();
  const std::string older = bytes_of(directory_ / "db" / name);
  while (files_of(directory_, ".ldb").empty()) merge(*store, 1, 10'000);
  ASSERT_TRUE(test::eventually([&] { return files_of(directory_, ".log").size() == 1; }));
  const fs::path killed = copy();  // nothing is done in the background any more
  write_bytes(killed / "db" / name, older);
  expect_refused(killed, name + " has ");
}

TEST_F(LostFilesTest, TakesNoManifestOfAnotherName) {
  merge_in_one_run(3);
  const fs::path current = directory_ / "db" / "CURRENT";
  const std::string good = bytes_of(current);
  const std::string name = good.substr(0, good.size() - 1);
  fs::copy(directory_ / "db" / name, directory_ / "db" / "MANIFEST.bak");
  for (const std::string& bad : {std::string(), std::string("MANIFEST.bak\n"), name, good + good,
                                 "./" + good, std::string("\n")}) {
    write_bytes(current, bad);
    expect_refused("CURRENT names no MANIFEST");
  }
  write_bytes(current, good);
  fs::remove(directory_ / "db" / name);
  expect_refused(name + " is missing");
}

TEST_F(LostFilesTest, MissesTheListItselfAndNoticesDamageToIt) {
  merge_in_one_run(3);
  const fs::path list = directory_ / "db" / "FILES";
  std::string bytes = bytes_of(list);
  fs::remove(list);
  expect_refused("FILES is missing");
  bytes[9] = static_cast<char>(bytes[9] ^ 1);
  write_bytes(list, bytes);
  expect_refused("FILES is damaged");
}

TEST_F(LostFilesTest, MissesWhatAnOlderCopyOfTheDatabaseDoesNotHold) {
  merge_in_one_run(3);
  const fs::path older = copy();
  merge_in_one_run(3);
  fs::remove_all(directory_ / "db");
  fs::copy(older / "db", directory_ / "db");
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt) << error.message;
  EXPECT_THAT(error.message, HasSubstr("an older copy, or another store's"));
  // It is told again, and the copy as such is good.
  EXPECT_EQ(error_of_open().code, ErrorCode::corrupt);
  fs::copy(older / "store", directory_ / "store", fs::copy_options::overwrite_existing);
  merged_ = 3;
  expect_all(directory_);
}

TEST_F(LostFilesTest, TakesNoDatabaseOfAnotherStore) {
  merge_in_one_run(3);
  const fs::path other = temp_ / "other";
  ASSERT_TRUE(init_leveldb_store(other, rng_));
  const auto swap_in = [&] {
    fs::remove_all(directory_ / "db");
    fs::copy(other / "db", directory_ / "db");
  };
  const auto expect_strange = [&](const std::string& what) {
    const Error error = error_of_open();
    EXPECT_EQ(error.code, ErrorCode::corrupt) << error.message;
    EXPECT_THAT(error.message, HasSubstr("do not belong together"));
    EXPECT_THAT(error.message, HasSubstr(what));
  };
  swap_in();  // a fresh one
  expect_strange("another store's");
  for (int opened = 0; opened < 5; ++opened) ASSERT_TRUE(try_open(other));
  swap_in();
  expect_strange("another store's");
}

TEST_F(LostFilesTest, TakesNoStoreFileOfAnotherStore) {
  merge_in_one_run(3);
  const fs::path other = temp_ / "other";
  ASSERT_TRUE(init_leveldb_store(other, rng_));
  const std::string own = bytes_of(directory_ / "store");
  for (int opened = 0; opened < 2; ++opened) {
    fs::copy(other / "store", directory_ / "store", fs::copy_options::overwrite_existing);
    const Error error = error_of_open();
    EXPECT_EQ(error.code, ErrorCode::corrupt) << error.message;
    EXPECT_THAT(error.message, HasSubstr("do not belong together"));
    ASSERT_TRUE(try_open(other));  // the second time it is not fresh
  }
  write_bytes(directory_ / "store", own);
  expect_all(directory_);
}

TEST_F(LostFilesTest, OpensWithAnOlderStoreFileOfItsOwn) {
  merge_in_one_run(3);
  const std::string older = bytes_of(directory_ / "store");
  merge_in_one_run(3);
  write_bytes(directory_ / "store", older);
  expect_all(directory_);
}

TEST_F(LostFilesTest, OpensWhereAProcessEndedBetweenDatabaseAndStoreFile) {
  const std::string fresh = bytes_of(directory_ / "store");
  ASSERT_TRUE(try_open(directory_));
  write_bytes(directory_ / "store", fresh);  // the database knows a run, and nothing else is in it
  ASSERT_TRUE(try_open(directory_));
  merge_in_one_run(3);
  expect_all(directory_);
}

TEST_F(LostFilesTest, OpensWithoutWhatLevelDbMakesAnew) {
  merge_in_one_run(3);
  for (const char* name : {"LOCK", "LOG", "LOG.old"}) {
    fs::remove(directory_ / "db" / name);
    expect_all(directory_);
  }
}

TEST_F(LostFilesTest, ChecksNoFilesOfAStoreOfAnEarlierVersionButThatItHasALog) {
  merge_in_one_run(3);
  std::string bytes = bytes_of(directory_ / "store");
  bytes[8] = 2;
  bytes.resize(bytes.size() - sizeof(std::uint64_t));
  append_le(bytes, hash64(bytes));
  write_bytes(directory_ / "store", bytes);
  const fs::path without_logs = copy();
  fs::remove(directory_ / "db" / "FILES");
  expect_all(directory_);
  for (const fs::path& log : files_of(without_logs, ".log")) fs::remove(log);
  expect_refused(without_logs, "all logs of the database");
  // From the first opening on they are checked.
  fs::remove(files_of(directory_, ".log").front());
  expect_refused(".log is missing");
}

TEST_F(LostFilesTest, OpensWhatCannotBeReadOfItsRuns) {
  merge_in_one_run(3);
  open_database()->CompactRange(nullptr, nullptr);
  const fs::path table = files_of(directory_, ".ldb").back();
  std::string bytes = bytes_of(table);
  bytes[10] = static_cast<char>(bytes[10] ^ 1);
  write_bytes(table, bytes);
  const auto store = open();
  EXPECT_EQ(store->count(count_of("key")).error().code, ErrorCode::unreadable);
}

}  // namespace
}  // namespace kipu::storage
