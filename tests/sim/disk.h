// A worker's disk: it outlives the process, and does one thing at a time. What is under way at a
// crash is wholly there afterwards, or not at all.
//
// Faults that may happen here: a write takes long; a write fails, having been done or not; the disk
// is nearly full; a part of it cannot be read; it comes back empty, or as it was some time ago
// (lose()). Never: a part of a
// write; or the loss of what was reported as done, where fewer than a majority of other disks could
// make it good; or the loss of a cluster map by a copy, which no other worker needs to have; or a
// copy from before another disk was lost, or from before that had healed.
#pragma once

#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "storage/memory_store.h"
#include "storage/store.h"
#include "tests/sim/checkers/model.h"
#include "tests/sim/checkers/streams.h"
#include "tests/sim/places.h"
#include "tests/sim/process.h"

namespace kipu::sim {

// Whether `query` asks for anything of `partition`.
[[nodiscard]] bool touches(const ReadQuery& query, PartitionId partition);

class Disk {
 public:
  // `number`: by which the model knows it.
  Disk(World& world, Model& model, StreamModel& streams, Places& places, Process& owner,
       std::size_t number);

  using Done = std::function<void(const storage::Merged&)>;
  void merge(storage::Change change, Done done);
  void save_map(ClusterId cluster, std::string map, Done done);
  void save_wholeness(storage::Wholeness whole, Done done);
  Result<ReadResult> read(const ReadQuery& query) const;
  const storage::StoreInfo& info() const { return store_->info(); }
  storage::StoreStats stats() const;
  const storage::Store& store() const { return *store_; }

  // A process opens it: a new run begins.
  void open();
  // The process is gone: what was under way was done, or not, and the rest never is.
  void crash();
  void stall(Duration length) { stalled_until_ = world_.now() + length; }
  void fail_next_write() { fail_next_ = true; }
  bool failed() const { return failed_; }
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
  void make_room() { free_bytes_ = kMuch; }
  // What it holds of `partition` cannot be read until it is mended.
  void rot(PartitionId partition) { rotten_ = partition; }
  void mend() { rotten_.reset(); }
  bool is_rotten() const { return rotten_.has_value(); }

  // While no process has it open: it is empty now, or what its latest copy says.
  void lose(bool emptied);
  bool may_be_lost(bool emptied) const;
  void forget_copy() { copy_.reset(); }
  // It is whole, and holds again what it lost and others kept.
  bool has_all_it_had() const;
  // Everything on it.
  std::vector<Entry> contents() const;

 private:
  static constexpr std::uint64_t kMuch = std::uint64_t{1} << 40U;
  struct SaveMap {
    ClusterId cluster;
    std::string map;
  };
  struct Write {
    std::variant<storage::Change, SaveMap, storage::Wholeness> what;
    Done done;
  };
  void submit(Write write);
  void begin_next();
  void finish();
  Status apply(Write& write);
  Status carry_out(storage::Change& change);
  bool may_be_copied() const;
  Status carry_out(SaveMap& save);
  Status carry_out(storage::Wholeness& whole);
  void record(const storage::Change& change);
  void note_wholeness(const storage::Wholeness& whole) const;
  void plant(storage::Change& change);
  void plant_in_page(const ReadQuery& query, Page& page) const;
  const storage::Change* change_under_way() const;
  std::unique_ptr<storage::MemoryStore> make_empty(StoreId instead_of) const;
  void add_contents(PartitionId partition, const std::string& bucket,
                    std::vector<Entry>& entries) const;

  World& world_;
  Model& model_;
  StreamModel& streams_;
  Places& places_;
  Process& owner_;
  const std::size_t number_;
  std::unique_ptr<storage::MemoryStore> store_;
  std::unique_ptr<storage::MemoryStore> copy_;  // of some time ago
  std::deque<Write> writes_;                    // the first is under way
  bool busy_ = false;
  bool fail_next_ = false;
  bool failed_ = false;
  Duration stalled_until_{0};
  std::uint64_t free_bytes_ = kMuch;
  std::optional<PartitionId> rotten_;
  std::optional<std::vector<std::uint32_t>> told_;  // by the merge under way
};

}  // namespace kipu::sim
