// A worker's disk: it outlives the process, and does one thing at a time. What is under way at a
// crash is wholly there afterwards, or not at all.
//
// Faults that may happen here: a write takes long; a write fails, having been done or not; the disk
// is nearly full. Never: a part of a write, or the loss of what was reported as done, which one
// replica could not make good.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "storage/memory_store.h"
#include "storage/store.h"
#include "tests/sim/checkers/model.h"
#include "tests/sim/process.h"

namespace kipu::sim {

class Disk {
 public:
  Disk(World& world, Model& model, Process& owner);

  using Done = std::function<void(const Status&)>;
  void merge(std::vector<storage::PlacedEntry> entries, Done done);
  void save_map(ClusterId cluster, std::string map, Done done);
  Result<ReadResult> read(const ReadQuery& query) const;
  storage::StoreInfo info() const { return store_->info(); }
  storage::StoreStats stats() const;
  const storage::Store& store() const { return *store_; }

  // The process is gone: what was under way was done, or not, and the rest never is.
  void crash();
  void stall(Duration length) { stalled_until_ = world_.now() + length; }
  void fail_next_write() { fail_next_ = true; }
  bool failed() const { return failed_; }
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
  void make_room() { free_bytes_ = kMuch; }

 private:
  static constexpr std::uint64_t kMuch = std::uint64_t{1} << 40U;
  struct Write {
    std::vector<storage::PlacedEntry> entries;  // of a merge
    ClusterId cluster;                          // of a map
    std::string map;
    Done done;
  };
  void submit(Write write);
  void begin_next();
  void finish();
  Status apply(Write& write);
  void plant(Write& write);

  World& world_;
  Model& model_;
  Process& owner_;
  std::unique_ptr<storage::Store> store_;
  std::deque<Write> writes_;  // the first is under way
  bool busy_ = false;
  bool fail_next_ = false;
  bool failed_ = false;
  Duration stalled_until_{0};
  std::uint64_t free_bytes_ = kMuch;
};

}  // namespace kipu::sim
