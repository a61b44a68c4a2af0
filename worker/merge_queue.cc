#include "worker/merge_queue.h"

#include <iterator>
#include <utility>

namespace kipu::worker {

MergeId MergeQueue::add(std::vector<storage::PlacedEntry> entries, bool passed_on) {
  Piece piece{MergeId{++last_}, std::move(entries), 0};
  for (const storage::PlacedEntry& placed : piece.entries) {
    piece.bytes += placed.entry.message_bytes();
  }
  bytes_ += piece.bytes;
  (passed_on ? passed_on_ : waiting_).push_back(std::move(piece));
  return MergeId{last_};
}

void MergeQueue::begin(storage::Change& change, std::size_t most_bytes, bool passed_on) {
  Queue& queue = passed_on ? passed_on_ : waiting_;
  std::size_t taken = 0;
  while (!queue.empty() && (taken == 0 || taken + queue.front().bytes <= most_bytes)) {
    Piece& piece = queue.front();
    taken += piece.bytes;
    bytes_ -= piece.bytes;
    under_way_.push_back(piece.id);
    std::move(piece.entries.begin(), piece.entries.end(), std::back_inserter(change.entries));
    queue.pop_front();
  }
}

std::vector<MergeId> MergeQueue::committed() {
  return std::exchange(under_way_, {});
}

}  // namespace kipu::worker
