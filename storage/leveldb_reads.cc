#include "storage/leveldb_reads.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/entry.h"
#include "base/limits.h"
#include "storage/key_codec.h"
#include "storage/leveldb_cursor.h"
#include "storage/range.h"
#include "storage/record.h"

namespace kipu::storage {
namespace {

// `read`, if the iterator saw everything that `read` rests on.
template <class T>
Result<T> if_whole(const RecordCursor& cursor, T read) {
  if (Status status = cursor.status(); !status) return fail(std::move(status.error()));
  return read;
}

// The records of one key within a range of ids: from `begin`, before `end`.
struct RecordRange {
  std::string begin;
  std::string end;
};

RecordRange records_of(std::string prefix, const IdRange& ids) {
  RecordRange range{prefix, std::move(prefix)};
  append_id(range.begin, ids.least);
  if (!ids.includes_least) range.begin.push_back('\0');  // what follows the least at once
  if (ids.end) {
    append_id(range.end, *ids.end);
  } else {
    move_past_key(range.end);
  }
  return range;
}

std::string_view id_part(std::string_view record_key) {
  return record_key.substr(record_key.size() - kEncodedIdBytes);
}

// Fills in what the record under `cursor` says, into an entry whose bucket and key are known.
// `prefix_bytes` is what stands before the id.
Status decode_record(const RecordCursor& cursor, std::size_t prefix_bytes, Entry& entry) {
  const std::string_view record_key = cursor.key();
  if (record_key.size() != prefix_bytes + kEncodedIdBytes) {
    return fail(ErrorCode::unreadable,
                fmt::format("a record of key {} in bucket {} has a damaged key",
                            printable(entry.key), printable(entry.bucket)));
  }
  const EntryId id = decode_id(id_part(record_key));
  entry.stamp = id.stamp;
  entry.digest = id.digest;
  return decode_record_value(cursor.value(), entry);
}

// The key of a record, of whose key `bucket_bytes` stand before it.
Status decode_key_of(std::string_view record_key, std::size_t bucket_bytes, std::string& key) {
  const std::size_t around = bucket_bytes + kEncodedIdBytes;
  if (record_key.size() < around) return fail(ErrorCode::unreadable, "a record's key is too short");
  Status decoded = decode_key(record_key.substr(bucket_bytes, record_key.size() - around), key);
  if (!decoded) decoded.error().code = ErrorCode::unreadable;
  return decoded;
}

}  // namespace

Result<Page> read_page(leveldb::DB& db, const PageQuery& query) {
  Page page;
  const IdRange ids = range_of(query);
  if (ids.is_empty()) return page;
  std::string prefix = key_prefix(query.partition, query.bucket, query.key);
  const std::size_t prefix_bytes = prefix.size();
  const RecordRange range = records_of(std::move(prefix), ids);
  PageBudget budget(query.max_entries, query.max_bytes);
  ReadTime time;
  RecordCursor cursor(db);
  const auto is_within = [&](std::string_view record_key) {
    return query.reverse ? record_key >= range.begin : record_key < range.end;
  };
  query.reverse ? cursor.seek_before(range.end) : cursor.seek(range.begin);
  while (cursor.is_valid() && is_within(cursor.key())) {
    Entry entry;
    entry.bucket = query.bucket;
    entry.key = query.key;
    Status decoded = decode_record(cursor, prefix_bytes, entry);
    if (!decoded) return fail(std::move(decoded.error()));
    const bool is_late = !page.entries.empty() && time.is_over();
    if (is_late || !budget.take(entry.message_bytes())) {
      page.complete = false;
      break;
    }
    page.entries.push_back(std::move(entry));
    query.reverse ? cursor.previous() : cursor.next();
  }
  return if_whole(cursor, std::move(page));
}

Result<Count> read_count(leveldb::DB& db, const CountQuery& query) {
  Count count;
  const IdRange ids = range_of(query);
  if (ids.is_empty()) return count;
  std::string prefix = key_prefix(query.partition, query.bucket, query.key);
  const std::size_t prefix_bytes = prefix.size();
  const RecordRange range = records_of(std::move(prefix), ids);
  Entry entry;  // reused
  entry.bucket = query.bucket;
  entry.key = query.key;
  EntryId last;
  PageBudget budget(query.max_entries, limits::kMaxCountBytes);
  ReadTime time;
  RecordCursor cursor(db);
  for (cursor.seek(range.begin); cursor.is_valid() && cursor.key() < range.end; cursor.next()) {
    Status decoded = decode_record(cursor, prefix_bytes, entry);
    if (!decoded) return fail(std::move(decoded.error()));
    const bool is_late = count.entries > 0 && time.is_over();
    if (is_late || !budget.take(entry.message_bytes())) {
      count.next_after = last;
      break;
    }
    last = entry.id();
    ++count.entries;
    count.values += entry.values.size();
    count.fingerprint += entry.digest.bits;
  }
  return if_whole(cursor, count);
}

namespace {

// Walks the keys of one bucket over many partitions, with one iterator: a heap holds the next key
// of each partition, and the least is taken.
class KeyMerger {
 public:
  KeyMerger(leveldb::DB& db, const KeysQuery& query) : query_(query), cursor_(db) {}

  Result<KeysPage> run() {
    if (Status opened = open(); !opened) return fail(std::move(opened.error()));
    KeysPageBuilder page(query_);
    ReadTime time;
    while (!heads_.empty()) {
      if (page.may_end() && time.is_over()) {
        page.end();
        break;
      }
      const std::string key = heads_.top().key;
      const Result<Passed> passed = pass(key);
      if (!passed) return fail(passed.error());
      if (!page.add(key, passed->is_listed, passed->newest)) break;
    }
    return if_whole(cursor_, std::move(page).take());
  }

 private:
  // The next key of a partition.
  struct Head {
    std::string key;
    PartitionId partition;
  };
  // What the records say of a key, whether it is to be listed, and its newest if that is asked for.
  struct Passed {
    bool is_listed = false;
    std::optional<KeysPage::Newest> newest;
  };
  struct LaterKey {
    bool operator()(const Head& a, const Head& b) const { return a.key > b.key; }
  };

  Status open() {
    const bool goes_on = query_.after && *query_.after >= query_.prefix;
    for (const PartitionId partition : query_.partitions) {
      start_key(partition, goes_on ? *query_.after : query_.prefix);
      if (goes_on) append_past_key(scratch_);
      cursor_.seek(scratch_);
      if (Status pushed = push_head(partition); !pushed) return pushed;
    }
    return {};
  }

  // Moves every partition that stands at `key` to its next one.
  Result<Passed> pass(const std::string& key) {
    Passed all;
    while (!heads_.empty() && heads_.top().key == key) {
      const PartitionId partition = heads_.top().partition;
      heads_.pop();
      Result<Passed> one = pass_in(partition, key);
      if (!one) return one;
      all.is_listed = all.is_listed || one->is_listed;
      if (one->newest) all.newest = newer_of(all.newest, *one->newest);
      if (Status pushed = push_head(partition); !pushed) return fail(std::move(pushed.error()));
    }
    return all;
  }

  // Leaves the iterator behind the records of `key`.
  Result<Passed> pass_in(PartitionId partition, const std::string& key) {
    start_key(partition, key);
    const std::size_t key_bytes = scratch_.size();
    append_past_key(scratch_);
    if (!query_.skip_removed && !query_.with_newest) {
      cursor_.seek(scratch_);
      return Passed{true, std::nullopt};
    }
    const Result<KeysPage::Newest> newest = newest_of(key, key_bytes);
    if (!newest) return fail(newest.error());
    Passed passed{!query_.skip_removed || !newest->removes, std::nullopt};
    if (query_.with_newest) passed.newest = *newest;
    return passed;
  }

  // Its last record: found going forward, since an iterator that turns back has to find its place
  // in every table anew, as long as the key has few. REQUIRES: scratch_ is past the key, of which
  // the first `key_bytes` are what its records begin with.
  Result<KeysPage::Newest> newest_of(const std::string& key, std::size_t key_bytes) {
    const std::string_view past = scratch_;
    const std::string_view begin = past.substr(0, key_bytes);
    const auto is_of_key = [&] {
      return cursor_.is_valid() && cursor_.key() >= begin && cursor_.key() < past;
    };
    Entry newest;
    newest.bucket = query_.bucket;
    newest.key = key;
    if (!is_of_key()) cursor_.seek(begin);  // else it stands at its first record
    bool found = false;
    int steps = 0;
    for (; is_of_key(); cursor_.next()) {
      if (++steps > kMostStepsForward) {
        cursor_.seek_before(past);
        found = is_of_key();
        if (!found) break;
        steps = 0;
      }
      Status decoded = decode_record(cursor_, scratch_.size(), newest);
      if (!decoded) return fail(std::move(decoded.error()));
      found = true;
    }
    if (Status whole = cursor_.status(); !whole) return fail(std::move(whole.error()));
    if (found) return KeysPage::Newest{newest.id(), newest.kind == EntryKind::remove};
    return fail(ErrorCode::unreadable,
                fmt::format("the records of key {} in bucket {} were there and cannot be found",
                            printable(key), printable(query_.bucket)));
  }

  // Puts the key under the iterator on the heap, if it is of that partition and asked for.
  Status push_head(PartitionId partition) {
    if (!cursor_.is_valid()) return {};
    const std::size_t bucket_bytes = start_key(partition, query_.prefix);
    const std::string_view record_key = cursor_.key();
    if (!record_key.starts_with(scratch_)) return {};
    Head head{{}, partition};
    if (Status decoded = decode_key_of(record_key, bucket_bytes, head.key); !decoded)
      return decoded;
    heads_.push(std::move(head));
    return {};
  }

  // Sets scratch_ to what the records of all keys beginning with `key` begin with. Returns how much
  // of it stands before the key.
  std::size_t start_key(PartitionId partition, std::string_view key) {
    scratch_.clear();
    append_bucket_prefix(scratch_, partition, query_.bucket);
    const std::size_t bucket_bytes = scratch_.size();
    append_escaped(scratch_, key);
    return bucket_bytes;
  }

  static constexpr int kMostStepsForward = 8;

  const KeysQuery& query_;
  RecordCursor cursor_;
  std::string scratch_;  // the database key that was last built
  std::priority_queue<Head, std::vector<Head>, LaterKey> heads_;
};

}  // namespace

Result<KeysPage> read_keys(leveldb::DB& db, const KeysQuery& query) {
  return KeyMerger(db, query).run();
}

namespace {

// Where a scan begins: at the prefix, or behind the position where the last page ended.
std::string first_of_scan(const ScanQuery& query, const std::string& all) {
  if (!query.after) return all;
  std::string begin = key_prefix(query.partition, query.bucket, query.after->key);
  append_id(begin, query.after->id);
  begin.push_back('\0');  // what follows that record at once
  return std::max(begin, all);
}

}  // namespace

Result<Page> read_scan(leveldb::DB& db, const ScanQuery& query) {
  std::string all;
  append_bucket_prefix(all, query.partition, query.bucket);
  const std::size_t bucket_bytes = all.size();
  append_escaped(all, query.prefix);
  Page page;
  PageBudget budget(query.max_entries, query.max_bytes);
  ReadTime time;
  RecordCursor cursor(db);
  cursor.seek(first_of_scan(query, all));
  for (; cursor.is_valid() && cursor.key().starts_with(all); cursor.next()) {
    Entry entry;
    entry.bucket = query.bucket;
    if (Status ok = decode_key_of(cursor.key(), bucket_bytes, entry.key); !ok) {
      return fail(std::move(ok.error()));
    }
    Status decoded = decode_record(cursor, cursor.key().size() - kEncodedIdBytes, entry);
    if (!decoded) return fail(std::move(decoded.error()));
    const bool is_late = !page.entries.empty() && time.is_over();
    if (is_late || !budget.take(entry.message_bytes())) {
      page.complete = false;
      break;
    }
    page.entries.push_back(std::move(entry));
  }
  return if_whole(cursor, std::move(page));
}

}  // namespace kipu::storage
