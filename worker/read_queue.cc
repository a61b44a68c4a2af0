#include "worker/read_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace kipu::worker {

void ReadQueue::add(ReadPurpose purpose, Instant deadline, ReadQuery query) {
  waiting_.push_back({{std::move(purpose), deadline}, std::move(query)});
}

bool ReadQueue::prolong(StoreId asker, std::uint64_t request, Instant deadline) {
  const auto is_it = [&](const Ended& one) {
    const auto* peer = std::get_if<ForPeer>(&one.purpose);
    const auto* fetch = std::get_if<ForFetch>(&one.purpose);
    return (peer != nullptr && peer->to == asker && peer->request == request) ||
           (fetch != nullptr && fetch->to == asker && fetch->request == request);
  };
  for (Waiting& waiting : waiting_) {
    if (!is_it(waiting.of)) continue;
    waiting.of.deadline = std::max(waiting.of.deadline, deadline);
    return true;
  }
  for (auto& [id, of] : under_way_) {
    if (!is_it(of)) continue;
    of.deadline = std::max(of.deadline, deadline);
    return true;
  }
  return false;
}

std::vector<Read> ReadQueue::begin(Instant now, std::size_t at_once) {
  std::vector<Read> begun;
  while (!waiting_.empty() && under_way_.size() < at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.of.deadline <= now) continue;
    const ReadId id{++last_};
    under_way_.emplace(id, std::move(next.of));
    begun.push_back({id, std::move(next.query)});
  }
  return begun;
}

ReadQueue::Ended ReadQueue::end(ReadId id) {
  const auto found = under_way_.find(id);
  KIPU_CHECK(found != under_way_.end());
  Ended ended = std::move(found->second);
  under_way_.erase(found);
  return ended;
}

}  // namespace kipu::worker
