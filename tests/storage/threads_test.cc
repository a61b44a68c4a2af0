#include "storage/threads.h"

#include <atomic>
#include <future>
#include <latch>
#include <mutex>

#include <gtest/gtest.h>

#include "storage/memory_store.h"
#include "tests/storage/entries.h"

namespace kipu::storage {
namespace {

class StoreThreadsTest : public ::testing::Test {
 protected:
  Rng rng_{1};
  std::unique_ptr<Store> store_ = make_memory_store(rng_);
};

Change change_of(PlacedEntry entry) {
  Change change;
  change.entries.push_back(std::move(entry));
  return change;
}

TEST_F(StoreThreadsTest, MergesThenReads) {
  StoreThreads threads(*store_, 2);
  const PlacedEntry entry = entry_at("key", 1, {"v"});
  std::promise<Status> merged;
  threads.merge(change_of(entry), [&](Merged done) { merged.set_value(std::move(done.status)); });
  ASSERT_TRUE(merged.get_future().get());
  std::promise<Result<ReadResult>> read;
  threads.read(page_of("key"), [&](Result<ReadResult> result) { read.set_value(result); });
  EXPECT_EQ(read.get_future().get().value(), ReadResult(Page{{entry.entry}, true}));
}

TEST_F(StoreThreadsTest, ReportsAFailureToWhoeverAsked) {
  StoreThreads threads(*store_, 1);
  PlacedEntry bad = entry_at("key", 1, {"v"});
  bad.entry.digest.bits ^= 1;
  std::promise<Status> merged;
  threads.merge(change_of(bad), [&](Merged done) { merged.set_value(std::move(done.status)); });
  const Status status = merged.get_future().get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::bad_digest);
}

TEST_F(StoreThreadsTest, CommitsInTheOrderOfTheCalls) {
  constexpr int kCalls = 200;
  std::vector<int> order;  // of the committing thread, until the threads are joined
  {
    StoreThreads threads(*store_, 1);
    for (int i = 0; i < kCalls; ++i) {
      const auto note = [&order, i](const Merged&) { order.push_back(i); };
      if (i % 3 == 0) {
        threads.save_map(ClusterId{Uuid{1, 1}}, std::to_string(i), note);
      } else {
        threads.merge(change_of(entry_at("key", static_cast<std::uint64_t>(i), {"v"})), note);
      }
    }
  }
  ASSERT_EQ(order.size(), std::size_t{kCalls});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(store_->info().map, "198");
}

TEST_F(StoreThreadsTest, RunsWhatWasSubmittedBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    StoreThreads threads(*store_, 3);
    for (std::uint64_t i = 0; i < 500; ++i) {
      threads.merge(change_of(entry_at("key", i, {"v"})), [&](const Merged&) { ++done; });
      threads.read(page_of("key"), [&](const Result<ReadResult>&) { ++done; });
    }
  }
  EXPECT_EQ(done, 1000);
  EXPECT_EQ(store_->count(count_of("key")).value().entries, 500U);
}

TEST_F(StoreThreadsTest, ReadsOnSeveralThreadsAtOnce) {
  StoreThreads threads(*store_, 3);
  // Nobody gets past it until all three have come.
  std::latch all_there(3);
  std::latch all_done(3);
  for (int i = 0; i < 3; ++i) {
    threads.read(page_of("key"), [&](const Result<ReadResult>&) {
      all_there.arrive_and_wait();
      all_done.count_down();
    });
  }
  all_done.wait();
}

TEST_F(StoreThreadsTest, ReadsWhileItCommits) {
  StoreThreads threads(*store_, 1);
  std::latch read_done(1);
  std::latch commit_done(1);
  threads.merge(change_of(entry_at("key", 1, {"v"})), [&](const Merged&) {
    read_done.wait();
    commit_done.count_down();
  });
  threads.read(page_of("key"), [&](const Result<ReadResult>&) { read_done.count_down(); });
  commit_done.wait();
}

}  // namespace
}  // namespace kipu::storage
