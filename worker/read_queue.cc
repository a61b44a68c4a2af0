#include "worker/read_queue.h"

#include <utility>

#include "base/check.h"

namespace kipu::worker {

void ReadQueue::add(ReadPurpose purpose, Instant deadline, ReadQuery query) {
  waiting_.push_back({{purpose, deadline}, std::move(query)});
}

std::vector<Read> ReadQueue::begin(Instant now, std::size_t at_once) {
  std::vector<Read> begun;
  while (!waiting_.empty() && under_way_.size() < at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.of.deadline <= now) continue;
    const ReadId id{++last_};
    under_way_.emplace(id, next.of);
    begun.push_back({id, std::move(next.query)});
  }
  return begun;
}

ReadQueue::Ended ReadQueue::end(ReadId id) {
  const auto found = under_way_.find(id);
  KIPU_CHECK(found != under_way_.end());
  const Ended ended = found->second;
  under_way_.erase(found);
  return ended;
}

}  // namespace kipu::worker
