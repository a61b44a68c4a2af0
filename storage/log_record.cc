#include "storage/log_record.h"

#include <utility>

#include <fmt/format.h>

#include "base/little_endian.h"

namespace kipu::storage {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLogKeyBytes = 1 + 2 * kWord;
constexpr std::size_t kPositionBytes = 2 * kWord;
constexpr std::size_t kLogHeadBytes = 2 * kPositionBytes + 2 * kWord;
constexpr std::size_t kCursorKeyBytes = 1 + 2 * kWord;

tl::unexpected<Error> damaged_log() {
  return fail(ErrorCode::unreadable, "a record of the log is damaged");
}

Position load_position(const char* from) {
  return {load_le<std::uint64_t>(from), load_le<std::uint64_t>(from + kWord)};
}

}  // namespace

std::string encode_log_key(const LogPlace& place) {
  std::string key(1, space::kLog);
  append_be(key, place.run_index);
  append_be(key, place.counter);
  return key;
}

void append_log_head(std::string& to, const LogRecord& record) {
  append_position(to, record.position);
  append_position(to, record.previous);
  append_le(to, record.number);
  append_le(to, record.offset);
}

void append_log_name(std::string& to, PartitionId partition, std::string_view bucket,
                     std::string_view key, const EntryId& id) {
  std::string name = key_prefix(partition, bucket, key);
  append_id(name, id);
  append_le(to, static_cast<std::uint32_t>(name.size()));
  to += name;
}

Result<LogRecord> decode_log_record(std::string_view key, std::string_view value) {
  if (key.size() != kLogKeyBytes || key.front() != space::kLog || value.size() < kLogHeadBytes) {
    return damaged_log();
  }
  LogRecord record;
  record.place.run_index = load_be<std::uint64_t>(key.data() + 1);
  record.place.counter = load_be<std::uint64_t>(key.data() + 1 + kWord);
  record.position = load_position(value.data());
  record.previous = load_position(value.data() + kPositionBytes);
  record.number = load_le<std::uint64_t>(value.data() + 2 * kPositionBytes);
  record.offset = load_le<std::uint64_t>(value.data() + 2 * kPositionBytes + kWord);
  record.bytes = key.size() + value.size();
  const bool fits = record.place.counter == record.position.counter && !record.position.is_none();
  if (!fits) return damaged_log();
  return record;
}

Result<std::vector<RecordKey>> decode_log_names(std::string_view value) {
  if (value.size() < kLogHeadBytes) return damaged_log();
  value.remove_prefix(kLogHeadBytes);
  std::vector<RecordKey> names;
  while (!value.empty()) {
    if (value.size() < sizeof(std::uint32_t)) return damaged_log();
    const auto size = load_le<std::uint32_t>(value.data());
    value.remove_prefix(sizeof(std::uint32_t));
    if (value.size() < size) return damaged_log();
    Result<RecordKey> name = decode_record_key(value.substr(0, size));
    if (!name) return damaged_log();
    names.push_back(std::move(*name));
    value.remove_prefix(size);
  }
  return names;
}

std::string missing_entry(const RecordKey& name) {
  return fmt::format("the log names entry {} of key {} in bucket {}, which is not there",
                     name.id.stamp.to_string(), printable(name.key), printable(name.bucket));
}

std::string encode_cursor_key(char in, StoreId store) {
  std::string key(1, in);
  append_be(key, store.id.high);
  append_be(key, store.id.low);
  return key;
}

Result<StoreId> decode_cursor_key(char in, std::string_view key) {
  if (key.size() != kCursorKeyBytes || key.front() != in) {
    return fail(ErrorCode::unreadable, "the name of a cursor is damaged");
  }
  return StoreId{
      Uuid{load_be<std::uint64_t>(key.data() + 1), load_be<std::uint64_t>(key.data() + 1 + kWord)}};
}

void append_position(std::string& to, const Position& position) {
  append_le(to, position.run);
  append_le(to, position.counter);
}

Result<Position> decode_position(std::string_view bytes) {
  if (bytes.size() != kPositionBytes) {
    return fail(ErrorCode::unreadable, "a position is damaged");
  }
  return load_position(bytes.data());
}

}  // namespace kipu::storage
