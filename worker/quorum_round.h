// One question put to several replicas: to the own store, and to as many others as are needed. They
// answer with digests first, and with results where these differ from the own one. Whoever is
// silent for a while, fails or is not whole is made up for by the next. Whoever has too much to do
// is asked again: a list asks much of many at once, and begun anew each time it would not come to
// an end while others do the same.
//
// Where the own store cannot read what is asked for, the first other that brings a result stands in
// for it: its result is the own one, and one more of the others must answer.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/query.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::worker {

struct Replica {
  WorkerId worker;
  StoreId store;
  friend bool operator==(const Replica&, const Replica&) = default;
};

// Whom a question is put to, beside the own store.
struct Quorum {
  std::vector<Replica> others;  // those to ask first come first
  std::size_t needed = 0;       // how many of them must answer
  std::size_t majority = 1;     // of all replicas, this one included
};

// What a read wants done, each under the number of the round that wants it.
struct ReadSteps {
  struct Own {
    std::uint32_t round = 0;
    ReadQuery query;
  };
  struct Ask {
    std::uint32_t round = 0;
    StoreId to;
    ReadQuery query;
    bool digest_only = false;
  };
  struct Fill {
    std::uint32_t round = 0;
    StoreId to;
    std::vector<Entry> entries;
  };
  struct OwnFill {
    std::uint32_t round = 0;
    std::vector<Entry> entries;
  };
  std::vector<Own> own;            // read the own store
  std::vector<Ask> asks;           // send a PeerRead
  std::vector<Fill> fills;         // send a PeerMerge
  std::vector<OwnFill> own_fills;  // merge into the own store
};

class QuorumRound {
 public:
  // Whether results are wanted where digests differ, or only to know that they do.
  enum class Wants : std::uint8_t { results, digests };

  QuorumRound(std::uint32_t number, ReadQuery query, Quorum quorum, Wants wants, Duration hedge);

  void begin(Instant now, ReadSteps& steps);
  void on_own(Instant now, ReadResult result, ReadSteps& steps);
  // The own store has it, and cannot read it.
  void on_own_unreadable(Instant now, Error why, ReadSteps& steps);
  // Of anyone, whenever; what was not asked for changes nothing.
  void on_reply(Instant now, StoreId from, Result<schema::PeerReadReply> reply, ReadSteps& steps);
  void on_tick(Instant now, ReadSteps& steps);
  Instant next_tick() const;

  std::uint32_t number() const { return number_; }
  const ReadQuery& query() const { return query_; }
  const Quorum& quorum() const { return quorum_; }
  // The own store, or what stands in for it, and as many others as needed have answered.
  bool settled() const;
  // Too few are left that may still answer.
  bool hopeless() const;
  // Those that answered have one result, the own one. REQUIRES: settled().
  bool agreed() const;
  // Whose result the own one is; none where it is of the own store.
  std::optional<StoreId> stand_in() const { return stand_in_; }
  // Why the own store could not be read, and that all the others that failed could not either:
  // asking again would not help.
  std::optional<Error> unreadable() const;
  // REQUIRES: settled().
  ReadResult take_own() { return std::move(*own_); }
  // Another that answered, and its result; none if that is the own one.
  struct Answer {
    StoreId from;
    std::optional<ReadResult> result;
  };
  // REQUIRES: settled(). As many as are needed.
  std::vector<Answer> take_answers();
  std::vector<WorkerId> silent() const;

 private:
  struct Other {
    Replica replica;
    bool asked = false;
    bool asked_result = false;
    bool failed = false;
    bool unreadable = false;  // that is why it failed
    bool slow = false;
    bool busy = false;  // and to be asked again
    Instant last_asked;
    std::optional<std::uint64_t> digest;
    std::optional<ReadResult> result;
  };

  Other* find(StoreId store);
  bool has_answered(const Other& other) const;
  // For itself: what stands in for the own store is that.
  bool agrees(const Other& other) const {
    return own_ && may_answer(other) && other.digest == own_digest_;
  }
  // Whether it may still answer, for itself.
  bool may_answer(const Other& other) const;
  // How many others are to answer yet, beside those that may be slow.
  std::size_t wanted() const { return quorum_.needed + (own_error_ && !own_ ? 1U : 0U); }
  void take(Other& other, schema::PeerReadReply reply);
  Status check(const ReadResult& result) const;
  void ask(Instant now, Other& other, bool digest_only, ReadSteps& steps) const;
  void ask_enough(Instant now, ReadSteps& steps);
  void ask_for_results(Instant now, ReadSteps& steps);

  const std::uint32_t number_;
  const ReadQuery query_;
  const Quorum quorum_;
  const Wants wants_;
  const Duration hedge_;
  std::vector<Other> others_;
  std::optional<ReadResult> own_;
  std::uint64_t own_digest_ = 0;
  std::optional<Error> own_error_;
  std::optional<StoreId> stand_in_;
};

}  // namespace kipu::worker
