#include "storage/leveldb_log.h"

#include <string>
#include <utility>

#include "storage/record.h"

namespace kipu::storage {

void LevelDbLog::seek_last() {
  cursor().seek_before(std::string(1, static_cast<char>(space::kLog + 1)));
}

bool LevelDbLog::is_valid() const {
  return cursor_ && cursor_->is_valid() && cursor_->key().starts_with(space::kLog);
}

Result<LogRecord> LevelDbLog::record() const {
  return decode_log_record(cursor_->key(), cursor_->value());
}

Result<std::vector<RecordKey>> LevelDbLog::names() const {
  return decode_log_names(cursor_->value());
}

Status LevelDbLog::status() const {
  return cursor_ ? cursor_->status() : Status();
}

Result<Entry> LevelDbLog::entry(const RecordKey& name) const {
  std::string value;
  const leveldb::Status found = db_.Get(verified_reads(), encode_record_key(name), &value);
  if (found.IsNotFound()) return fail(ErrorCode::unreadable, missing_entry(name));
  if (Status read = as_read_status(found); !read) return fail(std::move(read.error()));
  Entry entry;
  entry.bucket = name.bucket;
  entry.key = name.key;
  entry.stamp = name.id.stamp;
  entry.digest = name.id.digest;
  if (Status decoded = decode_record_value(value, entry); !decoded) {
    return fail(std::move(decoded.error()));
  }
  return entry;
}

std::map<StoreId, Position> read_positions(leveldb::DB& db, char in) {
  std::map<StoreId, Position> positions;
  RecordCursor cursor(db);
  cursor.seek(std::string(1, in));
  for (; cursor.is_valid() && cursor.key().starts_with(in); cursor.next()) {
    const Result<StoreId> store = decode_cursor_key(in, cursor.key());
    const Result<Position> position = decode_position(cursor.value());
    if (store && position) positions[*store] = *position;
  }
  return positions;
}

}  // namespace kipu::storage
