#include "storage/memory_store.h"

#include "tests/storage/conformance.h"

namespace kipu::storage {
namespace {

struct MemoryFactory {
  static std::unique_ptr<Store> make(Rng& rng) { return make_memory_store(rng); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, MemoryFactory);

}  // namespace
}  // namespace kipu::storage
