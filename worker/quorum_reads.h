// The reads of several replicas that a worker coordinates: those that wait for their turn, those
// under way, and what was asked of others for them. Only those under way hold pages, so that few of
// them bound the memory.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "worker/append_queue.h"
#include "worker/read_quorum.h"

namespace kipu::worker {

class QuorumReads {
 public:
  struct Waiting {
    Asker asker;
    ReadQuery query;
    std::vector<QuorumGroup> groups;
  };
  // What was asked of another worker, for a round of a read.
  struct Asked {
    std::uint64_t read = 0;
    std::uint32_t round = 0;
    StoreId to;
  };

  // `first_request` keeps the answers to a former process apart from ours.
  explicit QuorumReads(std::uint64_t first_request) : last_request_(first_request) {}

  void wait(Waiting read) { waiting_.push_back(std::move(read)); }
  // The next to begin, so that `at_once` are under way; what ran out of time meanwhile is
  // forgotten.
  std::optional<Waiting> next(Instant now, std::size_t at_once);
  // Under way from now on, under the number that is returned.
  std::uint64_t begin(const Asker& asker, std::unique_ptr<ReadQuorum> read);
  // Null if it has ended.
  ReadQuorum* find(std::uint64_t read);
  Asker end(std::uint64_t read);
  // When whoever asked stops waiting. REQUIRES: find(read).
  Instant deadline(std::uint64_t read) const { return under_way_.at(read).asker.deadline; }

  // The request id of a message to another worker for a read that is under way.
  std::uint64_t ask(const Asked& asked);
  // Nothing if the read has ended. One answer to each.
  std::optional<Asked> answered(std::uint64_t request);

  std::vector<std::uint64_t> due(Instant now) const;
  Instant next_tick() const;
  std::size_t size() const { return waiting_.size() + under_way_.size(); }
  // Nothing is remembered of any read.
  bool empty() const { return size() == 0 && asked_.empty(); }

 private:
  struct UnderWay {
    Asker asker;
    std::unique_ptr<ReadQuorum> read;
    std::vector<std::uint64_t> requests;
  };
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, UnderWay> under_way_;
  std::map<std::uint64_t, Asked> asked_;  // by request id
  std::uint64_t last_read_ = 0;
  std::uint64_t last_request_;
};

}  // namespace kipu::worker
