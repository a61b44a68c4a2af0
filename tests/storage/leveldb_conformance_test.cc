#include "storage/leveldb_store.h"
#include "storage/watched_database.h"
#include "tests/storage/conformance.h"
#include "tests/storage/stream_conformance.h"
#include "tests/support/process.h"

namespace kipu::storage {
namespace {

// Small tables and write buffers, so that small tests see tables and compactions too.
struct LevelDbFactory {
  std::unique_ptr<Store> make(Rng& rng, const LogLimits& limits = {}) {
    if (!init_leveldb_store(directory.path(), rng)) return nullptr;
    options.log = limits;
    return open_leveldb_store(directory.path(), options, rng).value();
  }

  void reopen(std::unique_ptr<Store>& store, Rng& rng) {
    store.reset();
    store = open_leveldb_store(directory.path(), options, rng).value();
  }

  void lose(std::unique_ptr<Store>& store, Rng& rng, const RecordKey& name) {
    store.reset();
    WatchedDatabase db;
    ASSERT_TRUE(db.open({}, directory / "db", check_database_files(directory / "db").value()).ok());
    ASSERT_TRUE(db->Delete({}, encode_record_key(name)).ok());
    ASSERT_TRUE(db.close());
    reopen(store, rng);
  }

  test::TempDirectory directory;
  LevelDbOptions options{std::size_t{64} * 1024, std::size_t{64} * 1024, std::size_t{64} * 1024};
};

INSTANTIATE_TYPED_TEST_SUITE_P(LevelDb, StoreConformance, LevelDbFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(LevelDb, StreamConformance, LevelDbFactory);

}  // namespace
}  // namespace kipu::storage
