// Pins the format: stores that are written today must be readable for ever.
#include <span>

#include <gtest/gtest.h>

#include "storage/files.h"
#include "storage/log_record.h"
#include "storage/store_file.h"
#include "tests/storage/leveldb_fixture.h"

namespace kipu::storage {
namespace {

namespace fs = std::filesystem;

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16)));
  }
  return bytes;
}

fs::path golden(const std::string& name) {
  return fs::path(KIPU_GOLDEN_DIRECTORY) / name;
}

std::vector<PlacedEntry> golden_entries() {
  const std::string odd("a\0\xff", 3);
  return {
      entry_at("cord", 0x018bcfe568000000, {"knot"}),
      entry_at("cord", 0x018bcfe568000001, {"knot", "", std::string("\0\xff", 2)}),
      entry_at("cords", 1, {""}),
      entry_at(odd, 2, {"odd"}, 1023),
      entry_at("name", 3, {"new"}, 65'535, EntryKind::put),
      entry_at("name", 4, {}, 65'535, EntryKind::remove),
  };
}

StoreInfo golden_info() {
  return {StoreId{Uuid{0x0001020304050607, 0x08090a0b0c0d0e0f}},
          ClusterId{Uuid{0x1011121314151617, 0x18191a1b1c1d1e1f}},
          {{0x2021222324252627, 5}, {0x28292a2b2c2d2e2f, 0}},
          "map",
          {Wholeness::Kind::all_but, {{1}, {1023}}, {0x3031323334353637}},
          {},
          3};
}

LogRecord golden_log_record() {
  return {{2, 7}, {0x28292a2b2c2d2e2f, 7}, {0x2021222324252627, 5}, 3, 400, 0};
}

// A commit with the first two entries, and where two stores stand.
std::string golden_streams() {
  const LogRecord record = golden_log_record();
  std::string value;
  append_log_head(value, record);
  const std::vector<PlacedEntry> entries = golden_entries();
  for (const PlacedEntry& placed : std::span(entries).first(2)) {
    append_log_name(value, placed.partition, "b", placed.entry.key, placed.entry.id());
  }
  const auto line = [](const std::string& key, const std::string& bytes) {
    return hex_of(key) + ' ' + hex_of(bytes) + '\n';
  };
  std::string position;
  append_position(position, {0x3031323334353637, 9});
  return line(encode_log_key(record.place), value) +
         line(encode_cursor_key(space::kCursor, golden_info().store), position) +
         line(encode_cursor_key(space::kAcknowledged, golden_info().store), position);
}

class GoldenTest : public LevelDbTest {
 protected:
  void put_records(const std::string& name) {
    ASSERT_TRUE(try_open(directory_));
    const auto database = open_database();
    std::ifstream records(golden(name));
    std::string key;
    std::string value;
    while (records >> key >> value) {
      ASSERT_TRUE(database->Put({}, bytes_of_hex(key), bytes_of_hex(value)).ok());
    }
  }
};

TEST_F(GoldenTest, WritesTheRecordsThatItAlwaysWrote) {
  ASSERT_TRUE(open()->merge(golden_entries()));
  const auto database = open_database();
  const std::unique_ptr<leveldb::Iterator> at(database->NewIterator({}));
  std::string records;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    if (at->key().starts_with("r")) continue;  // a run: its number is random
    records += hex_of(at->key().ToString()) + ' ' + hex_of(at->value().ToString()) + '\n';
  }
  EXPECT_EQ(records, bytes_of(golden("records.hex")));
}

TEST_F(GoldenTest, ReadsTheRecordsThatItAlwaysWrote) {
  put_records("records.hex");
  const auto store = open();
  for (const PlacedEntry& placed : golden_entries()) {
    ScanQuery query = scan_all();
    query.partition = placed.partition;
    const std::vector<Entry> found = store->scan(query).value().entries;
    EXPECT_NE(std::find(found.begin(), found.end(), placed.entry), found.end());
  }
  EXPECT_EQ(store->stats().entries_estimate, golden_entries().size());
}

TEST_F(GoldenTest, WritesTheStreamsThatItAlwaysWrote) {
  EXPECT_EQ(golden_streams(), bytes_of(golden("streams.hex")));
}

TEST_F(GoldenTest, ReadsTheStreamsThatItAlwaysWrote) {
  put_records("records.hex");
  put_records("streams.hex");
  const auto store = open();
  const LogRecord record = golden_log_record();
  const std::map<StoreId, Position> positions{{golden_info().store, {0x3031323334353637, 9}}};
  EXPECT_EQ(store->info().stream, (StreamState{record.position, positions, positions}));
  const Fetched found = store->fetch({record.previous, {{0}}}).value();
  const auto entries = golden_entries();
  const Fetched::Commit commit{record.position, {entries[0].entry, entries[1].entry}};
  EXPECT_EQ(found, (Fetched{false, {commit}, record.position, record.position}));
}

TEST_F(GoldenTest, WritesAndReadsTheStoreFileAsItAlwaysDid) {
  const std::string bytes = encode_store_file(golden_info());
  EXPECT_EQ(hex_of(bytes) + '\n', bytes_of(golden("store_file.hex")));
  const StoreInfo info = decode_store_file(bytes).value();
  EXPECT_EQ(info.store, golden_info().store);
  EXPECT_EQ(info.runs, golden_info().runs);
  EXPECT_EQ(info.forgotten_runs, golden_info().forgotten_runs);
  EXPECT_EQ(info.whole, golden_info().whole);
}

TEST_F(GoldenTest, WritesTheListOfFilesAsItAlwaysDid) {
  const DatabaseFiles files{7, 350, {{5, 17'000'000}, {8, 40}}};
  EXPECT_EQ(hex_of(encode_database_files(files)) + '\n', bytes_of(golden("files.hex")));
}

TEST_F(GoldenTest, WritesItsRunsAsItAlwaysDid) {
  const std::vector<storage::Run> runs = open()->info().runs;
  ASSERT_EQ(runs.size(), 1U);
  const std::string key = fmt::format("72{:016x}", runs.front().number);
  const auto database = open_database();
  std::string value = "none";
  EXPECT_TRUE(database->Get({}, bytes_of_hex(key), &value).ok());
  EXPECT_EQ(value, "");
}

TEST_F(GoldenTest, OpensAStoreWhoseFileIsOfVersionTwo) {
  write_bytes(directory_ / "store", bytes_of_hex(bytes_of(golden("store_file_v2.hex"))));
  const auto store = open();
  EXPECT_EQ(store->info().store, golden_info().store);
  EXPECT_EQ(store->info().whole, golden_info().whole);
  EXPECT_EQ(store->info().runs.size(), 3U);
}

TEST_F(GoldenTest, OpensAStoreWhoseFileIsOfVersionOne) {
  write_bytes(directory_ / "store", bytes_of_hex(bytes_of(golden("store_file_v1.hex"))));
  const auto store = open();
  EXPECT_EQ(store->info().store, golden_info().store);
  EXPECT_EQ(store->info().cluster, golden_info().cluster);
  EXPECT_EQ(store->info().map, golden_info().map);
  EXPECT_EQ(store->info().whole, (Wholeness{Wholeness::Kind::all_but, {}}));
  ASSERT_EQ(store->info().runs.size(), 3U);
  EXPECT_EQ(store->info().runs[1].number, golden_info().runs[1].number);
}

}  // namespace
}  // namespace kipu::storage
