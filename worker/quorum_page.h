// A page that several replicas agree on: what they have is united, what some of them lack is sent
// to them, and the page is done only when a majority holds durably all that is on it. A store that
// cannot read what it has of it counts for nothing, and another stands in for it.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "worker/page_merge.h"
#include "worker/quorum_round.h"

namespace kipu::worker {

class QuorumPage {
 public:
  // `query` is a PageQuery or a ScanQuery.
  QuorumPage(std::uint32_t number, ReadQuery query, Quorum quorum, Duration hedge);

  void begin(Instant now, ReadSteps& steps) { round_.begin(now, steps); }
  void on_own(Instant now, ReadResult result, ReadSteps& steps);
  void on_own_unreadable(Instant now, Error why, ReadSteps& steps);
  void on_reply(Instant now, StoreId from, Result<schema::PeerReadReply> reply, ReadSteps& steps);
  // `from` holds durably what it was sent, or could not take it.
  void on_filled(Instant now, StoreId from, bool stored, ReadSteps& steps);
  void on_own_filled();
  void on_tick(Instant now, ReadSteps& steps);
  Instant next_tick() const;

  std::uint32_t number() const { return round_.number(); }
  bool done() const { return repairing_ && holders_ >= round_.quorum().majority; }
  bool hopeless() const { return repairing_ ? hopeless_ : round_.hopeless(); }
  // REQUIRES: done().
  Page take() { return std::move(merged_.page); }
  std::vector<WorkerId> silent() const;
  std::optional<Error> unreadable() const {
    return repairing_ ? std::nullopt : round_.unreadable();
  }

 private:
  struct Filling {
    StoreId store;
    Instant began;
    bool ended = false;
    bool slow = false;
  };

  void repair_if_settled(Instant now, ReadSteps& steps);
  void fill_lacking(Instant now, std::vector<QuorumRound::Answer> answers, ReadSteps& steps);
  void fill(Instant now, StoreId store, std::vector<Entry> entries, ReadSteps& steps);
  void fill_another(Instant now, ReadSteps& steps);

  QuorumRound round_;
  const Duration hedge_;
  bool repairing_ = false;
  bool hopeless_ = false;
  std::size_t holders_ = 0;  // replicas that hold everything on the page
  bool own_filling_ = false;
  MergedPage merged_;
  std::vector<Entry> repairs_;  // what any that took part lacked; the rest all of them hold
  std::vector<StoreId> spare_;  // that took no part
  std::vector<Filling> fillings_;
};

}  // namespace kipu::worker
