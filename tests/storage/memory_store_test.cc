#include "storage/memory_store.h"

#include "tests/storage/conformance.h"
#include "tests/storage/stream_conformance.h"

namespace kipu::storage {
namespace {

MemoryStore& as_memory(const std::unique_ptr<Store>& store) {
  return dynamic_cast<MemoryStore&>(*store);
}

struct MemoryFactory {
  static std::unique_ptr<Store> make(Rng& rng, const LogLimits& limits = {}) {
    return make_memory_store(rng, {.log = limits});
  }
  static void reopen(const std::unique_ptr<Store>& store, Rng& rng) {
    as_memory(store).reopen(rng);
  }
  static void lose(const std::unique_ptr<Store>& store, Rng& rng, const RecordKey& name) {
    ASSERT_TRUE(as_memory(store).lose(name));
    ASSERT_FALSE(as_memory(store).lose(name));
    reopen(store, rng);
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, MemoryFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StreamConformance, MemoryFactory);

Change commit_of(const Store& store, std::uint64_t counter, const PlacedEntry& entry) {
  Change change;
  change.entries = {entry};
  change.position = Position{store.info().runs.back().number, counter};
  change.logged = 1;
  return change;
}

TEST(MemoryStoreTest, GoesItsOwnWayOnceItIsCloned) {
  Rng rng(1);
  const auto store = make_memory_store(rng);
  ASSERT_TRUE(store->merge(commit_of(*store, 1, entry_at("key", 1, {"v"}))));
  const auto copy = store->clone();
  EXPECT_EQ(copy->info().runs, store->info().runs);
  ASSERT_TRUE(store->merge(commit_of(*store, 2, entry_at("key", 2, {"v"}))));
  copy->reopen(rng);
  EXPECT_EQ(copy->count(count_of("key")).value().entries, 1U);
  EXPECT_EQ(store->count(count_of("key")).value().entries, 2U);
  EXPECT_EQ(copy->info().store, store->info().store);
  EXPECT_EQ(copy->info().runs.size(), 2U);
  EXPECT_EQ(copy->info().stream.head, (Position{store->info().runs.back().number, 1}));
  // What it never had it does not know.
  EXPECT_TRUE(copy->fetch({{store->info().runs.back().number, 2}, {{0}}}).value().trimmed);
}

TEST(MemoryStoreTest, RevivesSomeOfWhatWasTrimmedFromItsLog) {
  Rng rng(1);
  const auto store = make_memory_store(rng, {.log = {.records = 2}});
  const std::uint64_t run = store->info().runs.back().number;
  constexpr std::uint64_t kCommits = 20;
  for (std::uint64_t counter = 1; counter <= kCommits; ++counter) {
    ASSERT_TRUE(store->merge(commit_of(*store, counter, entry_at("key", counter, {"v"}))));
  }
  const auto answered = [&] {
    std::size_t count = 0;
    for (std::uint64_t counter = 1; counter <= kCommits; ++counter) {
      const Fetched fetched = store->fetch({{run, counter}, {{0}}}).value();
      if (fetched.trimmed) continue;
      ++count;
      // One commit after the other, and nothing passed over.
      for (std::size_t i = 0; i < fetched.commits.size(); ++i) {
        EXPECT_EQ(fetched.commits[i].position.counter, counter + 1 + i);
      }
    }
    return count;
  };
  const std::size_t before = answered();
  store->revive(rng);
  store->reopen(rng);
  EXPECT_GT(answered(), before);
}

TEST(MemoryStoreTest, TakesThePlaceOfALostStore) {
  Rng rng(1);
  const StoreId lost{Uuid{1, 2}};
  const auto store = make_memory_store(rng, {.instead_of = lost});
  EXPECT_EQ(store->info().store, lost);
  EXPECT_EQ(store->info().whole.kind, Wholeness::Kind::none);
  EXPECT_EQ(store->info().stream, StreamState{});
}

}  // namespace
}  // namespace kipu::storage
