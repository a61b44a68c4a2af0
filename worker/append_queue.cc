#include "worker/append_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kipu::worker {
namespace {

// Moves the elements of `from` for which `takes` holds to the result, and keeps the order of both.
template <class T, class Takes>
std::vector<T> take_if(std::deque<T>& from, std::size_t& bytes, Takes takes) {
  std::vector<T> taken;
  std::deque<T> kept;
  for (T& one : from) {
    if (takes(one)) {
      bytes -= one.bytes;
      taken.push_back(std::move(one));
    } else {
      kept.push_back(std::move(one));
    }
  }
  from = std::move(kept);
  return taken;
}

// By their index in the request, of the places in a commit that are `present`.
std::vector<std::uint32_t> present_of(const CheckedAppend& stored,
                                      const std::vector<std::uint32_t>& present) {
  std::vector<std::uint32_t> own;
  const std::size_t end = stored.begins + stored.asked.size();
  for (auto at = std::ranges::lower_bound(present, stored.begins); at != present.end() && *at < end;
       ++at) {
    own.push_back(stored.asked[*at - stored.begins]);
  }
  return own;
}

}  // namespace

void AppendQueue::hold(HeldAppend append) {
  held_bytes_ += append.bytes;
  held_.push_back(std::move(append));
}

void AppendQueue::add(CheckedAppend append) {
  waiting_bytes_ += append.bytes;
  waiting_.push_back(std::move(append));
}

std::vector<HeldAppend> AppendQueue::release(const MapVersion& in_force) {
  return take_if(held_, held_bytes_,
                 [&](const HeldAppend& held) { return held.request.map <= in_force; });
}

std::vector<HeldAppend> AppendQueue::release_all() {
  return take_if(held_, held_bytes_, [](const HeldAppend&) { return true; });
}

std::vector<HeldAppend> AppendQueue::give_up(Instant now) {
  return take_if(held_, held_bytes_, [&](const HeldAppend& held) { return held.until <= now; });
}

std::vector<Asker> AppendQueue::expire(Instant now) {
  const auto expired = [&](const auto& append) { return append.asker.deadline <= now; };
  std::vector<Asker> askers;
  for (const auto& held : take_if(held_, held_bytes_, expired)) askers.push_back(held.asker);
  for (const auto& late : take_if(waiting_, waiting_bytes_, expired)) askers.push_back(late.asker);
  return askers;
}

void AppendQueue::begin_commit(storage::Change& change, std::size_t most_bytes) {
  std::vector<storage::PlacedEntry>& entries = change.entries;
  while (!waiting_.empty()) {
    CheckedAppend& next = waiting_.front();
    if (!committing_.empty() && committing_bytes_ + next.bytes > most_bytes) break;
    waiting_bytes_ -= next.bytes;
    committing_bytes_ += next.bytes;
    next.begins = entries.size();
    for (std::size_t i = 0; i < next.asked.size(); ++i) {
      change.asked.push_back(static_cast<std::uint32_t>(next.begins + i));
    }
    std::move(next.entries.begin(), next.entries.end(), std::back_inserter(entries));
    next.entries.clear();
    committing_.push_back(std::move(next));
    waiting_.pop_front();
  }
}

std::vector<CheckedAppend> AppendQueue::end_commit(
    const std::optional<std::vector<std::uint32_t>>& present) {
  committing_bytes_ = 0;
  for (CheckedAppend& stored : committing_) {
    if (present && !stored.asked.empty()) stored.present = present_of(stored, *present);
  }
  return std::exchange(committing_, {});
}

}  // namespace kipu::worker
