// The reads of the store on disk: each opens one iterator, seeks once (keys: once per key), walks
// neighbours, and asks the iterator at the end whether it saw everything.
//
// Thread rule: any thread, also while another writes.
#pragma once

#include "base/query.h"
#include "base/result.h"

namespace leveldb {
class DB;
}

namespace kipu::storage {

// Store's reads, on `db`. All fail with `unreadable` where a record cannot be read, does not decode
// or does not match its digest.
[[nodiscard]] Result<Page> read_page(leveldb::DB& db, const PageQuery& query);
[[nodiscard]] Result<Count> read_count(leveldb::DB& db, const CountQuery& query);
[[nodiscard]] Result<KeysPage> read_keys(leveldb::DB& db, const KeysQuery& query);
[[nodiscard]] Result<Page> read_scan(leveldb::DB& db, const ScanQuery& query);

}  // namespace kipu::storage
