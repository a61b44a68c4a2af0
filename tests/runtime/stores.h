// Stores in memory that fail or wait when a test says so.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "storage/memory_store.h"

namespace kipu::test {

class WrappedStore : public storage::Store {
 public:
  explicit WrappedStore(std::uint64_t seed)
      : rng_(seed), inner_(storage::make_memory_store(rng_)) {}
  // What the next process would do first. Nobody uses it meanwhile.
  void reopen() { inner_->reopen(rng_); }
  Status merge(const storage::Change& change) override { return inner_->merge(change); }
  Status save_map(ClusterId cluster, std::string map) override {
    return inner_->save_map(cluster, std::move(map));
  }
  Status save_wholeness(storage::Wholeness whole) override {
    return inner_->save_wholeness(std::move(whole));
  }
  Result<bool> has(const storage::PlacedEntry& placed) const override {
    return inner_->has(placed);
  }
  Result<Fetched> fetch(const FetchQuery& query) const override { return inner_->fetch(query); }
  Result<Page> page(const PageQuery& query) const override { return inner_->page(query); }
  Result<Count> count(const CountQuery& query) const override { return inner_->count(query); }
  Result<KeysPage> keys(const KeysQuery& query) const override { return inner_->keys(query); }
  Result<Page> scan(const ScanQuery& query) const override { return inner_->scan(query); }
  const storage::StoreInfo& info() const override { return inner_->info(); }
  storage::StoreStats stats() const override { return inner_->stats(); }

 private:
  Rng rng_;
  std::unique_ptr<storage::MemoryStore> inner_;
};

// Its save_map fails.
class FailingStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Status save_map(ClusterId /*cluster*/, std::string /*map*/) override {
    return fail(ErrorCode::io_error, "the disk is gone");
  }
};

// Its merges wait, once it was closed, until it is opened.
class GatedStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  ~GatedStore() override { open(); }
  Status merge(const storage::Change& change) override {
    std::unique_lock lock(mutex_);
    waiting_ = !open_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    waiting_ = false;
    return WrappedStore::merge(change);
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // Until a merge waits.
  void wait_for_merge() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool open_ = true;
  bool waiting_ = false;
};

}  // namespace kipu::test
