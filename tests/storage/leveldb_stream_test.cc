// What the log and the cursors on disk do when they are not what the store wrote, or not all of it.
#include <gmock/gmock.h>

#include "storage/log_index.h"
#include "storage/store_file.h"
#include "tests/storage/leveldb_fixture.h"

namespace kipu::storage {
namespace {

using ::testing::HasSubstr;

class LevelDbStreamTest : public LevelDbTest {
 protected:
  using Commits = std::vector<Fetched::Commit>;

  Position commit(Store& store) {
    const std::uint64_t time = commits_.size() + 1;
    Change change;
    change.position = Position{store.info().runs.back().number, time};
    change.entries = {entry_at("key", time, {"value"})};
    change.logged = 1;
    EXPECT_TRUE(store.merge(change));
    commits_.push_back({*change.position, {change.entries[0].entry}});
    return *change.position;
  }

  void commit_in_one_run(int count) {
    const auto store = open();
    while (count-- > 0) commit(*store);
  }

  static void trim(Store& store, const Position& through) {
    Change change;
    change.trim_through = through;
    ASSERT_TRUE(store.merge(change));
  }

  // The records of the log, oldest first.
  std::vector<std::pair<std::string, std::string>> log_records() {
    const auto database = open_database();
    const std::unique_ptr<leveldb::Iterator> at(database->NewIterator({}));
    std::vector<std::pair<std::string, std::string>> records;
    for (at->Seek("l"); at->Valid() && at->key().starts_with("l"); at->Next()) {
      records.emplace_back(at->key().ToString(), at->value().ToString());
    }
    return records;
  }

  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(open_database()->Put({}, key, value).ok());
  }

  static Result<Fetched> try_fetch(const Store& store, const Position& after) {
    return store.fetch({after, {{0}}});
  }
  static Fetched fetch(const Store& store, const Position& after) {
    return try_fetch(store, after).value();
  }

  Fetched rest(std::size_t known, std::size_t end) const {
    Fetched expected;
    for (std::size_t i = known; i < end; ++i) expected.commits.push_back(commits_[i]);
    expected.through = commits_[end - 1].position;
    expected.head = commits_.back().position;
    return expected;
  }
  Fetched rest(std::size_t known) const { return rest(known, commits_.size()); }

  Commits commits_;
};

TEST_F(LevelDbStreamTest, ARecordThatComesBackLeadsNowhere) {
  commit_in_one_run(3);
  commit_in_one_run(5);
  const auto records = log_records();
  ASSERT_EQ(records.size(), 8U);
  trim(*open(), commits_[5].position);
  ASSERT_EQ(log_records().size(), 2U);
  for (const std::size_t back : {0U, 1U, 2U, 3U, 4U}) {
    put(records[back].first, records[back].second);
    const auto store = open();
    EXPECT_EQ(store->info().stream.head, commits_.back().position);
    for (std::size_t known = 0; known <= commits_.size(); ++known) {
      const Fetched found = fetch(*store, known == 0 ? Position{} : commits_[known - 1].position);
      if (known >= 6) {
        EXPECT_EQ(found, rest(known)) << back;
      } else if (known == back) {
        EXPECT_EQ(found, rest(back, back + 1)) << "that one commit, and it is right";
      } else {
        EXPECT_TRUE(found.trimmed) << back << ' ' << known;
      }
    }
    // It goes with what is trimmed next.
    trim(*store, commits_[5].position);
    EXPECT_TRUE(fetch(*store, back == 0 ? Position{} : commits_[back - 1].position).trimmed);
  }
  EXPECT_EQ(log_records().size(), 2U);
}

TEST_F(LevelDbStreamTest, SaysTrimmedToAllWhereItsLastRecordCannotBeRead) {
  commit_in_one_run(3);
  const auto records = log_records();
  put(records.back().first, "damaged");
  Position start;
  {
    const auto store = open();
    start = store->info().stream.head;
    EXPECT_EQ(start, (Position{store->info().runs.back().number, 0}));
    for (const Position& after : {Position{}, commits_[1].position, commits_[2].position}) {
      EXPECT_EQ(fetch(*store, after), (Fetched{true, {}, {}, start}));
    }
    EXPECT_EQ(fetch(*store, start), (Fetched{false, {}, start, start}));
    commit(*store);
    for (const Position& after : {Position{}, commits_[1].position, commits_[2].position}) {
      EXPECT_TRUE(fetch(*store, after).trimmed);
    }
    EXPECT_EQ(fetch(*store, start), rest(3));
  }
  const auto store = open();
  EXPECT_EQ(store->info().stream.head, commits_.back().position);
  commit(*store);
  EXPECT_EQ(fetch(*store, commits_[3].position), rest(4));
}

TEST_F(LevelDbStreamTest, FetchesAroundARecordThatCannotBeRead) {
  commit_in_one_run(5);
  const auto records = log_records();
  for (const std::string& bad : {std::string(), records[2].second + '\0', records[1].second,
                                 records[2].second.substr(0, records[2].second.size() - 1)}) {
    put(records[2].first, bad);
    const auto store = open();
    const Result<Fetched> through_it = try_fetch(*store, commits_[0].position);
    ASSERT_FALSE(through_it);
    EXPECT_EQ(through_it.error().code, ErrorCode::unreadable);
    EXPECT_EQ(fetch(*store, commits_[3].position), rest(4));
  }
}

TEST_F(LevelDbStreamTest, NamesTheEntryThatItsLogNamesAndThatIsNotThere) {
  commit_in_one_run(1);
  const Entry& entry = commits_[0].entries[0];
  const std::string record_key = encode_record_key({{0}, entry.bucket, entry.key, entry.id()});
  ASSERT_TRUE(open_database()->Delete({}, record_key).ok());
  const Result<Fetched> missing = try_fetch(*open(), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::unreadable);
  EXPECT_THAT(missing.error().message, HasSubstr("'key'"));
  put(record_key, std::string("\x01\x05\0\0\0valuE", 10));
  const Result<Fetched> damaged = try_fetch(*open(), {});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::unreadable);
}

TEST_F(LevelDbStreamTest, PassesOverCursorsThatCannotBeRead) {
  const StoreId good{Uuid{1, 2}};
  Change change;
  change.cursors = {{good, {3, 4}}};
  change.acknowledged = {{good, {5, 6}}};
  ASSERT_TRUE(open()->merge(change));
  put("c short", std::string(16, 'v'));
  put(encode_cursor_key('c', StoreId{Uuid{7, 8}}), "short");
  put(encode_cursor_key('a', StoreId{Uuid{7, 8}}), std::string(17, 'v'));
  EXPECT_EQ(open()->info().stream, (StreamState{{}, change.cursors, change.acknowledged}));
}

// A restored store file knows fewer runs than the log has.
TEST_F(LevelDbStreamTest, GoesOnBehindItsLogWhateverTheStoreFileSays) {
  commit_in_one_run(1);
  const std::string old_store_file = bytes_of(directory_ / "store");
  commit_in_one_run(1);
  commit_in_one_run(1);
  write_bytes(directory_ / "store", old_store_file);
  commit_in_one_run(1);
  EXPECT_EQ(open()->info().stream.head, commits_.back().position);
  EXPECT_EQ(fetch(*open(), {}), rest(0));
}

TEST_F(LevelDbStreamTest, GoesOnBehindItsLogWhenItForgetsRuns) {
  commit_in_one_run(1);
  StoreInfo info = decode_store_file(bytes_of(directory_ / "store")).value();
  info.runs.assign(kMaxRuns, {1});
  write_bytes(directory_ / "store", encode_store_file(info));
  make_known(1);
  commit_in_one_run(1);
  commit_in_one_run(1);
  EXPECT_EQ(open()->info().forgotten_runs, 3U);
  EXPECT_EQ(fetch(*open(), {}), rest(0));
}

TEST_F(LevelDbStreamTest, TakesThePlaceOfALostStore) {
  const StoreId lost{Uuid{1, 2}};
  ASSERT_TRUE(init_leveldb_store(temp_ / "new", rng_, lost));
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = try_open(temp_ / "new").value();
    EXPECT_EQ(store->info().store, lost);
    EXPECT_EQ(store->info().whole, (Wholeness{Wholeness::Kind::none, {}}));
  }
}

TEST_F(LevelDbStreamTest, AcceptsNoMoreWritesAfterWholenessCouldNotBeSaved) {
  const auto store = open();
  std::filesystem::create_directory(directory_ / "store.new");
  const Status failed = store->save_wholeness({Wholeness::Kind::none, {}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::io_error);
  EXPECT_EQ(store->info().whole, Wholeness{});
  EXPECT_FALSE(store->merge(Change{{entry_at("key", 1, {"v"})}, {}, 0, {}, {}, {}, {}}));
  EXPECT_FALSE(store->save_wholeness({}));
}

}  // namespace
}  // namespace kipu::storage
