#include "storage/leveldb_runs.h"

#include <string>

#include <leveldb/write_batch.h>

#include "base/little_endian.h"
#include "storage/key_codec.h"
#include "storage/leveldb_cursor.h"

namespace kipu::storage {
namespace {

std::string encode_run_key(std::uint64_t run) {
  std::string key(1, space::kRun);
  append_be(key, run);
  return key;
}

bool holds_anything_but_runs(leveldb::DB& db) {
  RecordCursor cursor(db);
  cursor.seek({});
  while (cursor.is_valid() && cursor.key().starts_with(space::kRun)) cursor.next();
  return cursor.is_valid();
}

}  // namespace

Status check_runs(leveldb::DB& db, const StoreInfo& info) {
  if (info.runs.empty()) {
    if (!holds_anything_but_runs(db)) return {};
    return fail(ErrorCode::corrupt, "the store file is of a store that was never opened");
  }
  std::string value;
  const leveldb::Status found =
      db.Get(verified_reads(), encode_run_key(info.runs.back().number), &value);
  if (!found.IsNotFound()) return {};
  return fail(ErrorCode::corrupt,
              "it does not know the last run that the store file names: it is an older copy, or "
              "another store's");
}

Status write_run(leveldb::DB& db, const StoreInfo& before, const StoreInfo& after) {
  leveldb::WriteBatch batch;
  batch.Put(encode_run_key(after.runs.back().number), {});
  for (std::uint64_t gone = before.forgotten_runs; gone < after.forgotten_runs; ++gone) {
    batch.Delete(encode_run_key(before.runs[gone - before.forgotten_runs].number));
  }
  leveldb::WriteOptions options;
  options.sync = true;
  const leveldb::Status written = db.Write(options, &batch);
  if (written.ok()) return {};
  return fail(ErrorCode::io_error, written.ToString());
}

}  // namespace kipu::storage
