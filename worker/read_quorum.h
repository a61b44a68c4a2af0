// A read that several replicas answer together, from the question to the answer:
//
//  - a page or scan is one page that a majority holds;
//  - a count is compared by digest, and counted page by page where replicas differ;
//  - keys are united, and each key on which replicas differ is settled by its newest entry.
//
// It owns no store and no socket: it says what it wants done, and is told what came of it.
//
//  1. What it answers with, a majority of the replicas holds durably.
//  2. It answers once, by the time that it was given: with a part and where to go on from there,
//     or with an error if need be.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "worker/quorum_page.h"
#include "worker/quorum_round.h"

namespace kipu::worker {

// Partitions that have the same replicas.
struct QuorumGroup {
  std::vector<PartitionId> partitions;  // ascending
  Quorum quorum;
};

struct QuorumRules {
  Duration hedge{0};             // a replica that is silent so long: ask another
  Instant give_up;               // answer by then
  std::uint32_t partitions = 0;  // of the cluster
};

class ReadQuorum {
 public:
  virtual ~ReadQuorum() = default;
  ReadQuorum(const ReadQuorum&) = delete;
  ReadQuorum& operator=(const ReadQuorum&) = delete;

  void begin(Instant now, ReadSteps& steps);
  // What came of the steps. Late news of a round that has ended changes nothing.
  void on_own_read(Instant now, std::uint32_t round, Result<ReadResult> result, ReadSteps& steps);
  void on_reply(Instant now, std::uint32_t round, StoreId from, Result<schema::PeerReadReply> reply,
                ReadSteps& steps);
  void on_filled(Instant now, std::uint32_t round, StoreId from, bool stored, ReadSteps& steps);
  void on_own_filled(Instant now, std::uint32_t round, ReadSteps& steps);
  void on_tick(Instant now, ReadSteps& steps);
  Instant next_tick() const;

  bool answered() const { return answer_.has_value(); }
  // REQUIRES: answered().
  Result<ReadResult> take_answer() { return std::move(*answer_); }

 protected:
  explicit ReadQuorum(const QuorumRules& rules) : rules_(rules) {}

  // Starts what it starts with, and goes on where a round or a page is done.
  virtual void start(Instant now, ReadSteps& steps) = 0;
  virtual void advance(Instant now, ReadSteps& steps) = 0;
  // Its time is up: what it has got so far, if it can go on from there.
  virtual std::optional<ReadResult> take_part() { return std::nullopt; }

  void start_round(Instant now, ReadQuery query, const Quorum& quorum, QuorumRound::Wants wants,
                   ReadSteps& steps);
  void start_page(Instant now, ReadQuery query, const Quorum& quorum, ReadSteps& steps);
  void answer(Result<ReadResult> result) { answer_ = std::move(result); }

  const QuorumRules rules_;
  std::vector<QuorumRound> rounds_;
  std::optional<QuorumPage> page_;

 private:
  void proceed(Instant now, ReadSteps& steps);
  bool hopeless() const;
  Error why_hopeless() const;
  Error unavailable() const;

  std::uint32_t last_round_ = 0;
  std::optional<Result<ReadResult>> answer_;
};

// `groups` cover the query's partitions: one of them, unless it is a KeysQuery. A FetchQuery is
// none that a quorum answers. REQUIRES: check_query().
[[nodiscard]] std::unique_ptr<ReadQuorum> make_read_quorum(ReadQuery query,
                                                           std::vector<QuorumGroup> groups,
                                                           const QuorumRules& rules);

}  // namespace kipu::worker
