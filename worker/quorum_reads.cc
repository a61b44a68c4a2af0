#include "worker/quorum_reads.h"

#include <algorithm>

#include "base/check.h"

namespace kipu::worker {

std::optional<QuorumReads::Waiting> QuorumReads::next(Instant now, std::size_t at_once) {
  while (!waiting_.empty() && under_way_.size() < at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.asker.deadline > now) return next;
  }
  return std::nullopt;
}

std::uint64_t QuorumReads::begin(const Asker& asker, std::unique_ptr<ReadQuorum> read) {
  under_way_.emplace(++last_read_, UnderWay{asker, std::move(read), {}});
  return last_read_;
}

ReadQuorum* QuorumReads::find(std::uint64_t read) {
  const auto found = under_way_.find(read);
  return found == under_way_.end() ? nullptr : found->second.read.get();
}

Asker QuorumReads::end(std::uint64_t read) {
  const auto found = under_way_.find(read);
  KIPU_CHECK(found != under_way_.end());
  for (const std::uint64_t request : found->second.requests) asked_.erase(request);
  const Asker asker = found->second.asker;
  under_way_.erase(found);
  return asker;
}

std::uint64_t QuorumReads::ask(const Asked& asked) {
  asked_.emplace(++last_request_, asked);
  under_way_.at(asked.read).requests.push_back(last_request_);
  return last_request_;
}

std::optional<QuorumReads::Asked> QuorumReads::answered(std::uint64_t request) {
  const auto found = asked_.find(request);
  if (found == asked_.end()) return std::nullopt;
  const Asked asked = found->second;
  asked_.erase(found);
  return asked;
}

std::vector<std::uint64_t> QuorumReads::due(Instant now) const {
  std::vector<std::uint64_t> reads;
  for (const auto& [number, one] : under_way_) {
    if (one.read->next_tick() <= now) reads.push_back(number);
  }
  return reads;
}

Instant QuorumReads::next_tick() const {
  Instant next = Instant::never();
  for (const auto& [number, one] : under_way_) next = std::min(next, one.read->next_tick());
  return next;
}

}  // namespace kipu::worker
