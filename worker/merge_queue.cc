#include "worker/merge_queue.h"

#include <iterator>
#include <utility>

#include "base/check.h"

namespace kipu::worker {

MergeId MergeQueue::add(std::vector<storage::PlacedEntry> entries) {
  Piece piece{MergeId{++last_}, std::move(entries), 0};
  for (const storage::PlacedEntry& placed : piece.entries) {
    piece.bytes += placed.entry.message_bytes();
  }
  bytes_ += piece.bytes;
  waiting_.push_back(std::move(piece));
  return MergeId{last_};
}

void MergeQueue::begin(storage::Change& change, std::size_t most_bytes) {
  KIPU_CHECK(under_way_.empty());
  std::size_t taken = 0;
  while (!waiting_.empty() && (taken == 0 || taken + waiting_.front().bytes <= most_bytes)) {
    Piece& piece = waiting_.front();
    taken += piece.bytes;
    bytes_ -= piece.bytes;
    under_way_.push_back(piece.id);
    std::move(piece.entries.begin(), piece.entries.end(), std::back_inserter(change.entries));
    waiting_.pop_front();
  }
}

std::vector<MergeId> MergeQueue::committed() {
  return std::exchange(under_way_, {});
}

}  // namespace kipu::worker
