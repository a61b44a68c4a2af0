#include "worker/read_queue.h"

#include <utility>

#include "base/check.h"

namespace kipu::worker {

void ReadQueue::add(const Asker& asker, ReadQuery query) {
  waiting_.push_back({asker, std::move(query)});
}

std::vector<Read> ReadQueue::begin(Instant now, std::size_t at_once) {
  std::vector<Read> begun;
  while (!waiting_.empty() && under_way_.size() < at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.asker.deadline <= now) continue;
    const ReadId id{++last_};
    under_way_.emplace(id, next.asker);
    begun.push_back({id, std::move(next.query)});
  }
  return begun;
}

Asker ReadQueue::end(ReadId id) {
  const auto found = under_way_.find(id);
  KIPU_CHECK(found != under_way_.end());
  const Asker asker = found->second;
  under_way_.erase(found);
  return asker;
}

}  // namespace kipu::worker
