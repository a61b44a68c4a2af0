// The log and the cursors of the store on disk.
//
// Thread rule: any thread, also while another writes; each LevelDbLog by one.
#pragma once

#include <map>
#include <optional>

#include "storage/leveldb_cursor.h"
#include "storage/log_index.h"

namespace kipu::storage {

// The log as LevelDB has it, from the moment of the first seek.
class LevelDbLog final : public LogSource {
 public:
  explicit LevelDbLog(leveldb::DB& db) : db_(db) {}

  void seek(const LogPlace& place) override { cursor().seek(encode_log_key(place)); }
  void seek_last() override;
  void next() override { cursor_->next(); }
  bool is_valid() const override;
  Result<LogRecord> record() const override;
  Result<std::vector<RecordKey>> names() const override;
  Status status() const override;
  Result<Entry> entry(const RecordKey& name) const override;
  bool is_late() override { return time_.is_over(); }

 private:
  RecordCursor& cursor() { return cursor_ ? *cursor_ : cursor_.emplace(db_); }

  leveldb::DB& db_;
  std::optional<RecordCursor> cursor_;
  ReadTime time_;
};

// The positions kept under space::kCursor or space::kAcknowledged. One that cannot be read is as if
// it had never been there: whoever stands nowhere is given everything anew.
[[nodiscard]] std::map<StoreId, Position> read_positions(leveldb::DB& db, char in);

}  // namespace kipu::storage
