#include "worker/quorum_round.h"

#include <algorithm>
#include <utility>

#include "worker/checks.h"
#include "worker/page_merge.h"

namespace kipu::worker {

QuorumRound::QuorumRound(std::uint32_t number, ReadQuery query, Quorum quorum, Wants wants,
                         Duration hedge)
    : number_(number),
      query_(std::move(query)),
      quorum_(std::move(quorum)),
      wants_(wants),
      hedge_(hedge) {
  for (const Replica& replica : quorum_.others) {
    Other other;
    other.replica = replica;
    others_.push_back(std::move(other));
  }
}

void QuorumRound::begin(Instant now, ReadSteps& steps) {
  steps.own.push_back({number_, query_});
  ask_enough(now, steps);
}

void QuorumRound::on_own(Instant now, ReadResult result, ReadSteps& steps) {
  own_digest_ = digest_of(result);
  own_ = std::move(result);
  ask_for_results(now, steps);
}

void QuorumRound::on_own_unreadable(Instant now, Error why, ReadSteps& steps) {
  own_error_ = std::move(why);
  ask_for_results(now, steps);
  ask_enough(now, steps);
}

void QuorumRound::on_reply(Instant now, StoreId from, Result<schema::PeerReadReply> reply,
                           ReadSteps& steps) {
  Other* other = find(from);
  if (other == nullptr || !other->asked || other->failed) return;
  if (!reply && reply.error().code == ErrorCode::overloaded) {
    other->busy = other->slow = true;
    return ask_enough(now, steps);
  }
  if (!reply || !reply->whole || (reply->result && !check(*reply->result))) {
    other->failed = true;
    other->unreadable = !reply && is_damage(reply.error().code);
    return ask_enough(now, steps);
  }
  other->slow = false;
  take(*other, std::move(*reply));
  ask_for_results(now, steps);
  if (stand_in_ == from) ask_enough(now, steps);
}

// A count says by its digest what it does not by itself: which entries it counted.
void QuorumRound::take(Other& other, schema::PeerReadReply reply) {
  if (!reply.result) {
    if (!other.result) other.digest = reply.digest;
    return;
  }
  const bool is_count = std::holds_alternative<Count>(*reply.result);
  const std::uint64_t digest = is_count ? reply.digest : digest_of(*reply.result);
  if (own_error_ && !own_) {
    own_ = std::move(reply.result);
    own_digest_ = digest;
    stand_in_ = other.replica.store;
    return;
  }
  other.digest = digest;
  other.result = std::move(reply.result);
}

void QuorumRound::on_tick(Instant now, ReadSteps& steps) {
  for (Other& other : others_) {
    const bool waits = other.asked && may_answer(other) && !has_answered(other);
    if (!waits || now < other.last_asked + hedge_) continue;
    other.slow = true;
    if (std::exchange(other.busy, false)) ask(now, other, !other.asked_result, steps);
  }
  ask_enough(now, steps);
}

Instant QuorumRound::next_tick() const {
  Instant next = Instant::never();
  for (const Other& other : others_) {
    const bool waits = other.asked && may_answer(other) && !has_answered(other);
    if (waits && (other.busy || !other.slow)) next = std::min(next, other.last_asked + hedge_);
  }
  return next;
}

bool QuorumRound::settled() const {
  const auto answered = std::count_if(others_.begin(), others_.end(),
                                      [&](const Other& other) { return has_answered(other); });
  return own_ && static_cast<std::size_t>(answered) >= quorum_.needed;
}

bool QuorumRound::hopeless() const {
  const auto left = std::count_if(others_.begin(), others_.end(),
                                  [&](const Other& other) { return may_answer(other); });
  return static_cast<std::size_t>(left) < wanted();
}

std::optional<Error> QuorumRound::unreadable() const {
  const bool all = std::all_of(others_.begin(), others_.end(), [](const Other& other) {
    return !other.failed || other.unreadable;
  });
  return all ? own_error_ : std::nullopt;
}

bool QuorumRound::agreed() const {
  const auto agreeing = std::count_if(others_.begin(), others_.end(),
                                      [&](const Other& other) { return agrees(other); });
  return static_cast<std::size_t>(agreeing) >= quorum_.needed;
}

std::vector<QuorumRound::Answer> QuorumRound::take_answers() {
  std::vector<Answer> answers;
  for (Other& other : others_) {
    if (answers.size() == quorum_.needed || !has_answered(other)) continue;
    answers.push_back({other.replica.store, {}});
    if (!agrees(other)) answers.back().result = std::move(other.result);
  }
  return answers;
}

std::vector<WorkerId> QuorumRound::silent() const {
  std::vector<WorkerId> workers;
  for (const Other& other : others_) {
    if (other.replica.store != stand_in_ && !has_answered(other)) {
      workers.push_back(other.replica.worker);
    }
  }
  return workers;
}

QuorumRound::Other* QuorumRound::find(StoreId store) {
  const auto found = std::find_if(others_.begin(), others_.end(),
                                  [&](const Other& other) { return other.replica.store == store; });
  return found == others_.end() ? nullptr : &*found;
}

bool QuorumRound::may_answer(const Other& other) const {
  return !other.failed && other.replica.store != stand_in_;
}

// A digest that differs says enough only where nobody wants to know in what.
bool QuorumRound::has_answered(const Other& other) const {
  if (!may_answer(other) || !other.digest) return false;
  return wants_ == Wants::digests || other.result.has_value() || agrees(other);
}

Status QuorumRound::check(const ReadResult& result) const {
  if (const auto* page = std::get_if<Page>(&result)) {
    if (std::holds_alternative<PageQuery>(query_) || std::holds_alternative<ScanQuery>(query_)) {
      return check_page(query_, *page);
    }
  }
  const auto* keys = std::get_if<KeysPage>(&result);
  const auto* query = std::get_if<KeysQuery>(&query_);
  if (keys != nullptr && query != nullptr) return check_keys(*query, *keys);
  const bool counts = std::holds_alternative<CountQuery>(query_);
  if (counts && std::holds_alternative<Count>(result)) return {};
  return fail(ErrorCode::malformed, "the answer is to another question");
}

void QuorumRound::ask(Instant now, Other& other, bool digest_only, ReadSteps& steps) const {
  other.asked = true;
  other.last_asked = now;
  steps.asks.push_back({number_, other.replica.store, query_, digest_only});
}

// So many are asked, and not given up, that all that are needed may answer.
void QuorumRound::ask_enough(Instant now, ReadSteps& steps) {
  const auto hoped = std::count_if(others_.begin(), others_.end(), [&](const Other& other) {
    return other.asked && may_answer(other) && !other.slow;
  });
  const std::size_t wants = wanted();
  auto missing =
      static_cast<std::size_t>(hoped) < wants ? wants - static_cast<std::size_t>(hoped) : 0;
  for (Other& other : others_) {
    if (missing == 0) return;
    if (other.asked) continue;
    other.asked_result = own_error_ && !own_;
    ask(now, other, !other.asked_result, steps);
    --missing;
  }
}

// Of those whose digest is not the own one; of any, where none stands in for the own store yet.
void QuorumRound::ask_for_results(Instant now, ReadSteps& steps) {
  const bool lacks_own = own_error_ && !own_;
  if (!lacks_own && (!own_ || wants_ == Wants::digests)) return;
  for (Other& other : others_) {
    if (!may_answer(other) || other.asked_result) continue;
    if (lacks_own ? !other.asked : !other.digest || has_answered(other)) continue;
    other.asked_result = true;
    ask(now, other, false, steps);
  }
}

}  // namespace kipu::worker
