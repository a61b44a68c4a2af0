// What a store on disk does when its files are not what it wrote: it says so, and never returns
// less.
#include <gmock/gmock.h>

#include "base/little_endian.h"
#include "storage/key_codec.h"
#include "tests/storage/leveldb_fixture.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::uint64_t kEntries = 600;

class DamagedLevelDbTest : public LevelDbTest {
 protected:
  void SetUp() override {
    LevelDbTest::SetUp();
    options_.write_buffer_bytes = std::size_t{64} * 1024;
    options_.table_bytes = std::size_t{64} * 1024;
  }

  // One key's entries, in several tables and nothing else.
  void fill_tables() {
    std::vector<PlacedEntry> placed;
    for (std::uint64_t i = 0; i < kEntries; ++i) {
      std::string value;  // random, so that it takes its place in the table however compressed
      while (value.size() < 5000) append_le(value, rng_.next());
      placed.push_back(entry_at("key", i, {value}, 0, EntryKind::put));
      entries_.push_back(placed.back().entry);
    }
    ASSERT_TRUE(open()->merge(placed));
    open_database()->CompactRange(nullptr, nullptr);
  }

  // A store with three entries in each of ten merges, all in one log, as a process leaves it that
  // is killed.
  fs::path fill_log() {
    options_.write_buffer_bytes = std::size_t{4} * 1024 * 1024;
    const auto store = open();
    for (std::uint64_t i = 0; i < 10; ++i) {
      EXPECT_TRUE(store->merge(std::vector{entry_at("key", 3 * i, {"a value"}),
                                           entry_at("key", 3 * i + 1, {"a value"}),
                                           entry_at("key", 3 * i + 2, {"a value"})}));
    }
    const std::vector<fs::path> logs = files_of(directory_, ".log");
    EXPECT_EQ(logs.size(), 1U);
    return copy(directory_);
  }

  std::vector<Entry> entries_;
};

// The entries that a walk over pages found, and how it ended.
struct Walked {
  std::vector<Entry> entries;
  Status status;
};

Walked walk(const Store& store, bool reverse) {
  PageQuery query = page_of("key");
  query.reverse = reverse;
  query.max_entries = 50;
  Walked walked;
  while (true) {
    Result<Page> page = store.page(query);
    if (!page) {
      walked.status = fail(page.error());
      return walked;
    }
    walked.entries.insert(walked.entries.end(), page->entries.begin(), page->entries.end());
    if (page->complete) return walked;
    query.after = page->entries.back().id();
  }
}

template <class T>
bool is_unreadable(const Result<T>& read) {
  return !read && read.error().code == ErrorCode::unreadable;
}

TEST_F(DamagedLevelDbTest, ReadsOfADamagedTableFailAndNeverEndEarly) {
  fill_tables();
  const std::size_t tables = files_of(directory_, ".ldb").size();
  ASSERT_GE(tables, 2U);
  for (std::size_t table = 0; table < tables; ++table) {
    for (const std::size_t part : {0U, 1U, 5U, 9U}) {
      const fs::path damaged = copy();
      const fs::path file = files_of(damaged, ".ldb")[table];
      std::string bytes = bytes_of(file);
      const std::size_t at = bytes.size() * part / 10;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
      write_bytes(file, bytes);
      const auto store = try_open(damaged).value();
      const Walked forward = walk(*store, false);
      EXPECT_TRUE(is_unreadable(forward.status)) << file << " at " << at;
      // What came before is right.
      ASSERT_LT(forward.entries.size(), entries_.size());
      EXPECT_TRUE(std::equal(forward.entries.begin(), forward.entries.end(), entries_.begin()));
      EXPECT_TRUE(is_unreadable(walk(*store, true).status));
      EXPECT_TRUE(is_unreadable(store->count(count_of("key"))));
      ScanQuery whole = scan_all();
      whole.max_bytes = 1'000'000'000;
      EXPECT_TRUE(is_unreadable(store->scan(whole)));
    }
  }
}

TEST_F(DamagedLevelDbTest, KeysThatCannotBeReadAreAnError) {
  fill_tables();
  const fs::path file = files_of(directory_, ".ldb").front();
  std::string bytes = bytes_of(file);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  write_bytes(file, bytes);
  EXPECT_TRUE(is_unreadable(open()->keys(keys_of({0}))));
}

TEST_F(DamagedLevelDbTest, ReadsOfATableWithoutItsEndFail) {
  fill_tables();
  const fs::path file = files_of(directory_, ".ldb").back();
  fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_TRUE(is_unreadable(walk(*open(), false).status));
}

TEST_F(DamagedLevelDbTest, OpensNoStoreOfWhichATableIsMissing) {
  fill_tables();
  fs::remove(files_of(directory_, ".ldb").front());
  const Error error = error_of_open();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("damaged"));
}

TEST_F(DamagedLevelDbTest, AnEntryThatItsDigestDeniesIsUnreadable) {
  const PlacedEntry good = entry_at("key", 1, {"value"}, 0, EntryKind::put);
  ASSERT_TRUE(open()->merge(std::vector{good, entry_at("other", 1, {"value"})}));
  const Entry& entry = good.entry;
  const std::string record_key =
      encode_record_key({good.partition, entry.bucket, entry.key, entry.id()});
  const auto damage_to = [&](const std::string& value) {
    ASSERT_TRUE(open_database()->Put({}, record_key, value).ok());
    const auto store = open();
    EXPECT_TRUE(is_unreadable(store->page(page_of("key"))));
    EXPECT_TRUE(is_unreadable(store->count(count_of("key"))));
    EXPECT_TRUE(is_unreadable(store->scan(scan_all())));
    KeysQuery keys = keys_of({0});
    keys.skip_removed = true;
    EXPECT_TRUE(is_unreadable(store->keys(keys)));
    // What stands elsewhere is still read.
    EXPECT_EQ(store->page(page_of("other")).value().entries.size(), 1U);
  };
  damage_to("");
  damage_to(std::string("\x02\x05\0\0\0valuE", 10));  // another value
  damage_to(std::string("\x01\x05\0\0\0value", 10));  // another kind
  damage_to(std::string("\x09\x05\0\0\0value", 10));  // no kind
  damage_to(std::string("\x02\x06\0\0\0value", 10));  // not a list of values
  damage_to(std::string("\x02", 1));                  // no value
}

TEST_F(DamagedLevelDbTest, ARecordWithADamagedKeyIsUnreadable) {
  ASSERT_TRUE(open()->merge(std::vector{entry_at("key", 1, {"value"})}));
  ASSERT_TRUE(open_database()->Put({}, key_prefix({0}, "b", "key") + "short", "\x01").ok());
  const auto store = open();
  EXPECT_TRUE(is_unreadable(store->page(page_of("key"))));
  EXPECT_TRUE(is_unreadable(store->scan(scan_all())));
}

TEST_F(DamagedLevelDbTest, OpensWithoutTheNumberOfEntries) {
  ASSERT_TRUE(open()->merge(std::vector{entry_at("key", 1, {"value"})}));
  ASSERT_TRUE(open_database()->Delete({}, "s").ok());
  const auto store = open();
  EXPECT_EQ(store->stats().entries_estimate, 0U);
  EXPECT_EQ(store->count(count_of("key")).value().entries, 1U);
}

// As a disk leaves it that lied about what it had synced, to a process that was killed.
TEST_F(DamagedLevelDbTest, ALogWithoutItsEndLosesWholeMergesAtTheEndOnly) {
  const fs::path killed = fill_log();
  const fs::path log = files_of(killed, ".log").front().filename();
  const std::size_t size = fs::file_size(killed / "db" / log);
  const std::uint64_t least = check_database_files(killed / "db").value().logs.begin()->second;
  std::vector<std::size_t> sizes{size};
  for (std::size_t kept = least; kept < size; kept += 97) sizes.push_back(kept);
  std::sort(sizes.begin(), sizes.end());
  std::uint64_t last = 0;
  for (const std::size_t kept : sizes) {
    const fs::path cut = copy(killed);
    fs::resize_file(cut / "db" / log, kept);
    const Walked walked = walk(*try_open(cut).value(), false);
    ASSERT_TRUE(walked.status);
    EXPECT_EQ(walked.entries.size() % 3, 0U);
    EXPECT_GE(walked.entries.size(), last);
    last = walked.entries.size();
  }
  EXPECT_EQ(last, 30U);
}

TEST_F(DamagedLevelDbTest, OpensNoStoreWhoseLogIsDamagedBeforeItsEnd) {
  const fs::path killed = fill_log();
  const fs::path log = files_of(killed, ".log").front().filename();
  const std::string good = bytes_of(killed / "db" / log);
  for (std::size_t at = 20; at < good.size() / 2; at += 101) {
    const fs::path damaged = copy(killed);
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_bytes(damaged / "db" / log, bytes);
    const auto opened = try_open(damaged);
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << at;
  }
}

}  // namespace
}  // namespace kipu::storage
