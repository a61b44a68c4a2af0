#include "storage/key_codec.h"

#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/limits.h"
#include "tests/storage/entries.h"

namespace kipu::storage {
namespace {

RecordKey any_record_key() {
  const std::string bucket = *rc::gen::element<std::string>("b", "b1", "b10", "c", "-");
  const EntryId id{Stamp{any_time(), pick(3)}, Digest{*rc::gen::arbitrary<std::uint64_t>()}};
  return {any_partition(), bucket, any_key(0), id};
}

auto order_of(const RecordKey& record) {
  return std::tie(record.partition, record.bucket, record.key, record.id);
}

TEST(KeyCodecTest, OrdersBytesAsItOrdersRecords) {
  EXPECT_TRUE(rc::check([] {
    const RecordKey a = any_record_key();
    const RecordKey b = any_record_key();
    RC_ASSERT((order_of(a) < order_of(b)) == (encode_record_key(a) < encode_record_key(b)));
    RC_ASSERT((a == b) == (encode_record_key(a) == encode_record_key(b)));
  }));
}

TEST(KeyCodecTest, DecodesWhatItEncoded) {
  EXPECT_TRUE(rc::check([] {
    const RecordKey record = any_record_key();
    RC_ASSERT(decode_record_key(encode_record_key(record)).value() == record);
  }));
}

TEST(KeyCodecTest, DecodesAnyBytesToTheirRecordOrAnError) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = encode_record_key(any_record_key());
    for (std::size_t flips = pick(4); flips > 0; --flips) {
      bytes[pick(bytes.size())] = static_cast<char>(pick(256));
    }
    bytes.resize(pick(bytes.size() + 2));
    const Result<RecordKey> decoded = decode_record_key(bytes);
    if (decoded) RC_ASSERT(encode_record_key(*decoded) == bytes);
    if (!decoded) RC_ASSERT(decoded.error().code == ErrorCode::corrupt);
  }));
}

TEST(KeyCodecTest, PutsAllRecordsOfAKeyBetweenItsPrefixAndWhatIsPastIt) {
  EXPECT_TRUE(rc::check([] {
    const RecordKey record = any_record_key();
    const RecordKey other = any_record_key();
    const std::string prefix = key_prefix(record.partition, record.bucket, record.key);
    std::string past = prefix;
    move_past_key(past);
    const std::string bytes = encode_record_key(other);
    const bool is_of_key = other.partition == record.partition && other.bucket == record.bucket &&
                           other.key == record.key;
    RC_ASSERT(is_of_key == bytes.starts_with(prefix));
    RC_ASSERT(is_of_key == (bytes >= prefix && bytes < past));
  }));
}

TEST(KeyCodecTest, LaysOutAKeyAsTheDocumentSays) {
  const RecordKey record{PartitionId{0x0102}, "b", std::string("a\0\xff", 3),
                         EntryId{Stamp{StampTime(0x1112131415161718), 0x2122232425262728},
                                 Digest{0x3132333435363738}}};
  std::string hex;
  for (const char byte : encode_record_key(record)) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  EXPECT_EQ(hex,
            "64"
            "0102"
            "6200"
            "6100ffff0001"
            "1112131415161718"
            "2122232425262728"
            "3132333435363738");
}

TEST(KeyCodecTest, PrintsBytesForMessages) {
  EXPECT_EQ(printable("key"), "'key'");
  EXPECT_EQ(printable(std::string("\0\xff'\\", 4)), R"('\x00\xff\x27\x5c')");
  EXPECT_EQ(printable(std::string(100, 'k')), "'" + std::string(64, 'k') + "'... (100 bytes)");
}

}  // namespace
}  // namespace kipu::storage
