#include "client/machine_calls.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"

namespace kipu::client {

Handle Calls::add(CallId id, Instant now, Instant deadline) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  KIPU_CHECK(!slot.used);
  slot.used = true;
  slot.pending.id = id;
  slot.pending.sequence = ++sequence_;
  slot.pending.started = now;
  slot.pending.deadline = deadline;
  const Handle handle{index, slot.generation};
  const bool is_new = by_id_.emplace(static_cast<std::uint64_t>(id), handle).second;
  KIPU_CHECK(is_new);
  ++live_;
  add_deadline({deadline, sequence_, handle});
  return handle;
}

bool Calls::lives(Handle handle) const {
  if (handle.index >= slots_.size()) return false;
  const Slot& slot = slots_[handle.index];
  return slot.used && slot.generation == handle.generation;
}

Pending* Calls::find(Handle handle) {
  return lives(handle) ? &slots_[handle.index].pending : nullptr;
}

std::optional<Handle> Calls::find(CallId id) const {
  const auto found = by_id_.find(static_cast<std::uint64_t>(id));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<Handle> Calls::all() const {
  std::vector<std::pair<std::uint64_t, Handle>> found;
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    const Slot& slot = slots_[index];
    if (slot.used) found.emplace_back(slot.pending.sequence, Handle{index, slot.generation});
  }
  std::sort(found.begin(), found.end());
  std::vector<Handle> handles;
  handles.reserve(found.size());
  for (const auto& [sequence, handle] : found) handles.push_back(handle);
  return handles;
}

void Calls::complete(Handle handle, Result<Reply> reply, Effects& effects) {
  KIPU_CHECK(lives(handle));
  Slot& slot = slots_[handle.index];
  Completion completion{slot.pending.id, std::move(reply), std::nullopt};
  if (slot.pending.request == nullptr) completion.stamp = slot.pending.append.stamp;
  effects.completions.push_back(std::move(completion));

  by_id_.erase(static_cast<std::uint64_t>(slot.pending.id));
  slot.pending = Pending{};
  slot.used = false;
  ++slot.generation;
  free_.push_back(handle.index);
  --live_;
  drop_completed();
}

Instant Calls::next_deadline() const {
  const Due* first = first_deadline();
  return first != nullptr ? first->at : Instant::never();
}

std::optional<Handle> Calls::first_due(Instant now) const {
  const Due* first = first_deadline();
  if (first == nullptr || first->at > now) return std::nullopt;
  return first->handle;
}

const Calls::Due* Calls::first_deadline() const {
  if (ascending_.empty()) return heap_.empty() ? nullptr : &heap_.front();
  if (heap_.empty()) return &ascending_.front();
  return ascending_.front() > heap_.front() ? &heap_.front() : &ascending_.front();
}

void Calls::add_deadline(Due due) {
  if (ascending_.empty() || due > ascending_.back()) {
    ascending_.push_back(due);
    return;
  }
  heap_.push_back(due);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

// Keeps invariant 2, and the memory of deadlines in proportion to the calls under way.
void Calls::drop_completed() {
  const auto completed = [this](const Due& due) { return !lives(due.handle); };
  if (ascending_.size() + heap_.size() > 2 * live_ + 1024) {
    std::erase_if(ascending_, completed);
    std::erase_if(heap_, completed);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  while (!ascending_.empty() && completed(ascending_.front())) ascending_.pop_front();
  while (!heap_.empty() && completed(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
  }
}

}  // namespace kipu::client
