#include "worker/write_quorum.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"

namespace kipu::worker {
namespace {

// Of the time left, what is kept for the way back; never more than kMostMargin.
constexpr int kMarginShare = 8;
constexpr Duration kMostMargin = std::chrono::milliseconds(100);

}  // namespace

std::uint32_t holders_needed(Level level, std::uint32_t replicas) {
  switch (level) {
    case Level::all:
      return replicas;
    case Level::one:
    case Level::none:
      return 1;
    case Level::bucket_default:
    case Level::quorum:
      break;
  }
  return replicas / 2 + 1;
}

void WriteQuorum::add(Instant now, CheckedAppend stored, const Position& position) {
  if (!stored.asker.expects_reply) return;
  KIPU_CHECK(position.is_none() || position.run == run_);
  const Duration left = std::max(stored.asker.deadline - now, Duration::zero());
  const Instant due = stored.asker.deadline + -std::min(left / kMarginShare, kMostMargin);
  writes_.emplace(++last_, Write{position.counter, due, std::move(stored)});
  due_.emplace(due, last_);
}

void WriteQuorum::held(StoreId peer, const Position& cursor) {
  if (cursor.run != run_) return;
  std::uint64_t& held = held_[peer];
  held = std::max(held, cursor.counter);
}

WriteQuorum::Tally WriteQuorum::tally(const Write& write) const {
  Tally worst{0, std::numeric_limits<std::uint32_t>::max(), 0};
  for (const WriteNeed& need : write.stored.needs) {
    std::uint32_t holders = 1;
    for (const StoreId other : need.others) {
      const auto found = held_.find(other);
      if (found != held_.end() && found->second >= write.counter) ++holders;
    }
    worst.least = std::min(worst.least, holders);
    const bool first = worst.needed == 0;
    if (first || (worst.enough() && holders < need.needed)) {
      worst.holders = holders;
      worst.needed = need.needed;
    }
  }
  return worst;
}

std::vector<WriteQuorum::Answer> WriteQuorum::settled() {
  std::vector<Answer> answers;
  for (auto write = writes_.begin(); write != writes_.end();) {
    const Tally tally = this->tally(write->second);
    if (!tally.enough()) {
      ++write;
      continue;
    }
    CheckedAppend& stored = write->second.stored;
    answers.push_back({stored.asker,
                       std::nullopt,
                       {tally.least, std::move(stored.refusals), std::move(stored.present)}});
    due_.erase({write->second.due, write->first});
    write = writes_.erase(write);
  }
  return answers;
}

std::vector<WriteQuorum::Answer> WriteQuorum::expire(Instant now) {
  std::vector<Answer> answers;
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto write = writes_.find(due_.begin()->second);
    const Tally tally = this->tally(write->second);
    const std::string why = tally.enough() ? std::string("this worker has no lease to say so")
                                           : fmt::format("it needs {}", tally.needed);
    Error error{ErrorCode::outcome_unknown,
                fmt::format("held by {} of its replicas when its time ran out, and {}",
                            tally.holders, why)};
    answers.push_back({write->second.stored.asker, std::move(error), {}});
    due_.erase(due_.begin());
    writes_.erase(write);
  }
  return answers;
}

}  // namespace kipu::worker
