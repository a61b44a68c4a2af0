// Which partitions hold here all that they should: only these are served.
//
//  1. A partition that has lost something is served no more at once, before that is saved.
//  2. One that has been filled is served once that is saved.
//  3. At most one save is under way; what changes meanwhile is in the next.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/ids.h"
#include "schema/messages.h"
#include "storage/store.h"
#include "worker/machine.h"

namespace kipu::worker {

class WholenessBook {
 public:
  // `saved`: what the store held when it was opened.
  explicit WholenessBook(storage::Wholeness saved);

  // The store is in `map`, as `self`. The first call decides over a store that never was in a map:
  // with the first map of a cluster it is born whole, with any later one it has all to get; so has
  // one that takes the place of a lost one.
  void join(const schema::ClusterMap& map, WorkerId self);

  // They hold less than they should.
  void lose(std::span<const PartitionId> partitions);
  // Of that run of this store something was lost. False if it has been learnt before: whatever it
  // was is being filled, or has been. To be followed by lose().
  bool learn(std::uint64_t run);
  // It holds all that it should again.
  void fill(PartitionId partition);

  bool is_whole(PartitionId partition) const;
  // That wait to be filled: without those that only wait to be saved.
  std::vector<PartitionId> to_fill() const;
  // What all the others have, whole or not, is all that it should have.
  bool accepts_loss() const { return accepts_loss_; }
  // That are not served.
  std::size_t not_whole() const { return missing_.size(); }

  // What to save now, if anything.
  std::optional<SaveWholeness> next_save();
  void on_saved(std::uint64_t id);
  // Whether the disk does not say yet what this does.
  bool unsaved() const { return changed_ || saving_; }

 private:
  storage::Wholeness::Kind kind_;
  std::set<PartitionId> missing_;
  std::set<PartitionId> filled_;         // of missing_: to be served once that is saved
  std::set<PartitionId> saving_filled_;  // of filled_: that is on its way to the disk
  std::vector<std::uint64_t> lost_runs_;
  bool accepts_loss_;
  bool changed_ = false;
  bool saving_ = false;
  std::uint64_t last_save_ = 0;
};

}  // namespace kipu::worker
