// Keys of the database: how an entry's place becomes bytes whose order is the order of entries.
//
//   record key = 'd' partition bucket 0x00 escaped-key 0x00 0x01 time writer digest
//
// docs/storage-format.md has the grammar and an example. Decoding takes any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/entry.h"
#include "base/ids.h"
#include "base/result.h"

namespace kipu::storage {

// First byte of every key of the database.
namespace space {
inline constexpr char kEntry = 'd';
inline constexpr char kLog = 'l';
inline constexpr char kRun = 'r';
inline constexpr char kCursor = 'c';
inline constexpr char kAcknowledged = 'a';
inline constexpr char kStatistics = 's';
}  // namespace space

inline constexpr std::size_t kEncodedIdBytes = 24;

// Where an entry lies.
struct RecordKey {
  PartitionId partition;
  std::string bucket;
  std::string key;
  EntryId id;
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
};

// What all records of a bucket in a partition begin with, and nothing else does. REQUIRES: the
// partition is below limits::kMaxPartitions, and `bucket` has no NUL.
void append_bucket_prefix(std::string& to, PartitionId partition, std::string_view bucket);

// `key` escaped, but not ended: what it and all keys that begin with it have in common.
void append_escaped(std::string& to, std::string_view key);

// Ends an escaped key. What follows is an id.
void append_key_end(std::string& to);

// Stands after every record of the escaped key before it, and before those of any later key.
void append_past_key(std::string& to);

// Makes a key_prefix() stand where append_past_key() would.
void move_past_key(std::string& prefix);

void append_id(std::string& to, const EntryId& id);

// What all records of a key begin with, and nothing else does.
[[nodiscard]] std::string key_prefix(PartitionId partition, std::string_view bucket,
                                     std::string_view key);

[[nodiscard]] std::string encode_record_key(const RecordKey& record);

// `corrupt` if `bytes` is not what encode_record_key() makes.
[[nodiscard]] Result<RecordKey> decode_record_key(std::string_view bytes);

// Undoes append_escaped() and append_key_end(), into `key`; `corrupt` if they did not make `bytes`.
[[nodiscard]] Status decode_key(std::string_view bytes, std::string& key);

// REQUIRES: bytes.size() == kEncodedIdBytes.
[[nodiscard]] EntryId decode_id(std::string_view bytes);

// Bytes for a message: shortened, and in hex where they are not plain text.
[[nodiscard]] std::string printable(std::string_view bytes);

}  // namespace kipu::storage
