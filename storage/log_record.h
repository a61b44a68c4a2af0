// The records of the database that are about streams: the log, which names the entries of each
// commit that this store coordinated, and where stores stand.
//
//   log       = 'l' run-index counter → position previous number offset { length record-key }
//   cursor    = 'c' store-id → position       where this store stands in that one's stream
//   reached   = 'a' store-id → position       where that one stands in this store's stream
//
// docs/storage-format.md has the grammar. Decoding takes any bytes; what does not decode is
// `unreadable`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/position.h"
#include "base/result.h"
#include "storage/key_codec.h"

namespace kipu::storage {

// Where a record stands in the log: positions have no order of their own, so the run has a number
// here, greater than that of any earlier one.
struct LogPlace {
  std::uint64_t run_index = 0;
  std::uint64_t counter = 0;
  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

// A record of the log, but for the entries that it names.
struct LogRecord {
  LogPlace place;
  Position position;
  Position previous;         // the record before this one, whether or not that is still there
  std::uint64_t number = 0;  // how many records there ever were before it,
  std::uint64_t offset = 0;  // and how many bytes they took
  std::uint64_t bytes = 0;   // that this one takes: key and value
  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

[[nodiscard]] std::string encode_log_key(const LogPlace& place);

// The first part of a value; then the names follow, one after the other.
void append_log_head(std::string& to, const LogRecord& record);
void append_log_name(std::string& to, PartitionId partition, std::string_view bucket,
                     std::string_view key, const EntryId& id);

[[nodiscard]] Result<LogRecord> decode_log_record(std::string_view key, std::string_view value);
[[nodiscard]] Result<std::vector<RecordKey>> decode_log_names(std::string_view value);

// Why the entry of that name, which the log names, cannot be given.
[[nodiscard]] std::string missing_entry(const RecordKey& name);

// `in` is space::kCursor or space::kAcknowledged.
[[nodiscard]] std::string encode_cursor_key(char in, StoreId store);
[[nodiscard]] Result<StoreId> decode_cursor_key(char in, std::string_view key);
void append_position(std::string& to, const Position& position);
[[nodiscard]] Result<Position> decode_position(std::string_view bytes);

}  // namespace kipu::storage
