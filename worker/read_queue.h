// Reads between their arrival and their answer: waiting in the order of their arrival, or under
// way at the store. Only those under way hold pages, so that few of them bound the memory.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/query.h"
#include "base/time.h"
#include "worker/append_queue.h"
#include "worker/machine.h"

namespace kipu::worker {

class ReadQueue {
 public:
  void add(const Asker& asker, ReadQuery query);
  // Those to begin now, so that `at_once` are under way; what ran out of time while it waited is
  // forgotten, since whoever asked has been answered by now.
  std::vector<Read> begin(Instant now, std::size_t at_once);
  // Whom to answer. REQUIRES: the read is under way.
  Asker end(ReadId id);

  std::size_t size() const { return waiting_.size() + under_way_.size(); }
  bool empty() const { return size() == 0; }

 private:
  struct Waiting {
    Asker asker;
    ReadQuery query;
  };
  std::deque<Waiting> waiting_;
  std::map<ReadId, Asker> under_way_;
  std::uint64_t last_ = 0;
};

}  // namespace kipu::worker
