// Reads between their arrival and their answer: waiting in the order of their arrival, or under
// way at the store. Only those under way hold pages, so that few of them bound the memory. Every
// read of the store goes through here, and what it is for is known by its id.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "base/query.h"
#include "base/time.h"
#include "worker/append_queue.h"
#include "worker/machine.h"

namespace kipu::worker {

// A client gets the result as it is. Where the store cannot read it, others are asked the same.
struct ForClient {
  Asker asker;
  std::optional<ReadQuery> for_others = {};  // none where there are none
};

// The own part of a read that others take part in.
struct ForQuorum {
  std::uint64_t read = 0;   // which one
  std::uint32_t round = 0;  // of it
};

// Another worker asked, with a PeerRead.
struct ForPeer {
  StoreId to;
  std::uint64_t request = 0;
  bool whole = false;  // every partition of the query was, when it was asked
  bool digest_only = false;
};

// Another worker asked, with a Fetch.
struct ForFetch {
  StoreId to;
  std::uint64_t request = 0;
};

using ReadPurpose = std::variant<ForClient, ForQuorum, ForPeer, ForFetch>;

class ReadQueue {
 public:
  struct Ended {
    ReadPurpose purpose;
    Instant deadline;
  };

  void add(ReadPurpose purpose, Instant deadline, ReadQuery query);
  // Another worker asks again for what it has been asked for under the same request, and what waits
  // or is under way: it may take until then. False if it is neither.
  bool prolong(StoreId asker, std::uint64_t request, Instant deadline);
  // Those to begin now, so that `at_once` are under way; what ran out of time while it waited is
  // forgotten, since whoever asked has been answered by now.
  std::vector<Read> begin(Instant now, std::size_t at_once);
  // What it was for. REQUIRES: the read is under way.
  Ended end(ReadId id);

  std::size_t size() const { return waiting_.size() + under_way_.size(); }
  bool empty() const { return size() == 0; }

 private:
  struct Waiting {
    Ended of;
    ReadQuery query;
  };
  std::deque<Waiting> waiting_;
  std::map<ReadId, Ended> under_way_;
  std::uint64_t last_ = 0;
};

}  // namespace kipu::worker
