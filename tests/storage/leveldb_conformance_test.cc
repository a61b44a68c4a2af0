#include "storage/leveldb_store.h"
#include "tests/storage/conformance.h"
#include "tests/support/process.h"

namespace kipu::storage {
namespace {

// Small tables and write buffers, so that small tests see tables and compactions too.
struct LevelDbFactory {
  std::unique_ptr<Store> make(Rng& rng) {
    if (!init_leveldb_store(directory.path(), rng)) return nullptr;
    const LevelDbOptions options{std::size_t{64} * 1024, std::size_t{64} * 1024,
                                 std::size_t{64} * 1024};
    return open_leveldb_store(directory.path(), options, rng).value();
  }

  test::TempDirectory directory;
};

INSTANTIATE_TYPED_TEST_SUITE_P(LevelDb, StoreConformance, LevelDbFactory);

}  // namespace
}  // namespace kipu::storage
