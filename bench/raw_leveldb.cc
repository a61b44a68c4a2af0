#include "bench/raw_leveldb.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <unistd.h>

#include "bench/figures.h"
#include "cluster/map.h"
#include "storage/key_codec.h"
#include "storage/leveldb_store.h"
#include "storage/record.h"

namespace kipu::bench {
namespace {

struct EncodedRecord {
  std::string key;
  std::string value;
};

EncodedRecord encode(std::uint64_t number) {
  const Entry entry = record(number);
  const PartitionId partition =
      cluster::partition_of(entry.bucket, entry.key, limits::kDefaultPartitions);
  EncodedRecord encoded;
  encoded.key = storage::encode_record_key({partition, entry.bucket, entry.key, entry.id()});
  storage::append_record_value(encoded.value, entry);
  return encoded;
}

void must(const leveldb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "LevelDB: %s\n", status.ToString().c_str());
  std::exit(1);
}

}  // namespace

double raw_leveldb(const std::filesystem::path& directory, std::size_t batch, Duration length) {
  const storage::LevelDbOptions ours;
  const std::unique_ptr<leveldb::Cache> cache(leveldb::NewLRUCache(ours.block_cache_bytes));
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = ours.write_buffer_bytes;
  options.max_file_size = ours.table_bytes;
  options.block_cache = cache.get();
  leveldb::DB* opened = nullptr;
  must(leveldb::DB::Open(options, directory.string(), &opened));
  const std::unique_ptr<leveldb::DB> db(opened);

  leveldb::WriteOptions synced;
  synced.sync = true;
  leveldb::WriteBatch writes;
  std::vector<EncodedRecord> records(batch);
  std::uint64_t done = 0;
  Duration took{0};
  while (took < length) {
    for (std::size_t i = 0; i < batch; ++i) records[i] = encode(done + i);
    const Duration begun = clock();
    writes.Clear();
    for (const EncodedRecord& record : records) writes.Put(record.key, record.value);
    must(db->Write(synced, &writes));
    took += clock() - begun;
    done += batch;
  }
  return per_second(done, took);
}

double write_and_fdatasync(const std::filesystem::path& directory, Duration length) {
  const std::string bytes(kValueBytes + 64, 'b');
  const int file =
      ::open((directory / "synced").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return 0;
  Latencies latencies;
  for (const Duration end = clock() + length; clock() < end;) {
    const Duration begun = clock();
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) break;
    latencies.add(clock() - begun);
  }
  ::close(file);
  return latencies.percentile(0.5);
}

}  // namespace kipu::bench
