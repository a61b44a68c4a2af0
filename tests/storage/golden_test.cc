// Pins the format: stores that are written today must be readable for ever.
#include <gtest/gtest.h>

#include "storage/files.h"
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
          {0x2021222324252627, 0x28292a2b2c2d2e2f},
          "map"};
}

class GoldenTest : public LevelDbTest {};

TEST_F(GoldenTest, WritesTheRecordsThatItAlwaysWrote) {
  ASSERT_TRUE(open()->merge(golden_entries()));
  const auto database = open_database();
  const std::unique_ptr<leveldb::Iterator> at(database->NewIterator({}));
  std::string records;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    records += hex_of(at->key().ToString()) + ' ' + hex_of(at->value().ToString()) + '\n';
  }
  EXPECT_EQ(records, bytes_of(golden("records.hex")));
}

TEST_F(GoldenTest, ReadsTheRecordsThatItAlwaysWrote) {
  std::ifstream records(golden("records.hex"));
  std::string key;
  std::string value;
  while (records >> key >> value) {
    ASSERT_TRUE(open_database()->Put({}, bytes_of_hex(key), bytes_of_hex(value)).ok());
  }
  const auto store = open();
  for (const PlacedEntry& placed : golden_entries()) {
    ScanQuery query = scan_all();
    query.partition = placed.partition;
    const std::vector<Entry> found = store->scan(query).value().entries;
    EXPECT_NE(std::find(found.begin(), found.end(), placed.entry), found.end());
  }
  EXPECT_EQ(store->stats().entries_estimate, golden_entries().size());
}

TEST_F(GoldenTest, WritesAndReadsTheStoreFileAsItAlwaysDid) {
  const std::string bytes = encode_store_file(golden_info());
  EXPECT_EQ(hex_of(bytes) + '\n', bytes_of(golden("store_file.hex")));
  const StoreInfo info = decode_store_file(bytes).value();
  EXPECT_EQ(info.store, golden_info().store);
  EXPECT_EQ(info.runs, golden_info().runs);
}

}  // namespace
}  // namespace kipu::storage
