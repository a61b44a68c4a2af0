#include "client/machine_batcher.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace kipu::client {
namespace {

std::size_t lane_of(Level level) {
  return static_cast<std::size_t>(level);
}

}  // namespace

void Batcher::push(Instant now, WorkerId worker, Handle handle) {
  Pending* call = calls_.find(handle);
  KIPU_CHECK(call != nullptr && call->append.place == Place::nowhere);
  AppendState& append = call->append;
  KIPU_CHECK_OP(lane_of(append.level), <, kLevels);
  append.place = Place::queued;
  append.worker = worker;
  append.queued = now;
  append.bytes = append.entry.message_bytes();
  Lane& lane = workers_[worker].lanes[lane_of(append.level)];
  lane.waiting.push_back(handle);
  ++lane.live;
  lane.bytes += append.bytes;
  touched_.insert(worker);
}

void Batcher::leave(Lane& lane, Pending& call) {
  KIPU_CHECK(call.append.place == Place::queued && lane.live > 0);
  call.append.place = Place::nowhere;
  --lane.live;
  lane.bytes -= call.append.bytes;
  lane.hurried = std::min(lane.hurried, lane.live);
}

void Batcher::remove(Pending& call) {
  Lane& lane = workers_.at(call.append.worker).lanes[lane_of(call.append.level)];
  leave(lane, call);
  forget_those_that_left(lane, call.append.worker);
  touched_.insert(call.append.worker);
}

std::vector<Handle> Batcher::drain() {
  Drained found;
  for (auto& [id, worker] : workers_) empty(id, worker, found);
  std::erase_if(workers_, [](const auto& item) { return item.second.in_flight == 0; });
  touched_.clear();
  return in_order(std::move(found));
}

std::vector<Handle> Batcher::drain(WorkerId worker) {
  const auto lanes = workers_.find(worker);
  if (lanes == workers_.end()) return {};
  Drained found;
  empty(worker, lanes->second, found);
  return in_order(std::move(found));
}

void Batcher::empty(WorkerId id, Worker& worker, Drained& into) {
  for (Lane& lane : worker.lanes) {
    while (const Pending* call = first_of(lane, id)) {
      into.emplace_back(call->sequence, lane.waiting.front());
      leave(lane, *calls_.find(lane.waiting.front()));
      lane.waiting.pop_front();
    }
  }
  timers_.clear(id);
}

std::vector<Handle> Batcher::in_order(Drained drained) {
  std::sort(drained.begin(), drained.end());
  std::vector<Handle> handles;
  handles.reserve(drained.size());
  for (const auto& [sequence, handle] : drained) handles.push_back(handle);
  return handles;
}

// Null if the append has left the lanes of `worker`.
Pending* Batcher::queued(Handle handle, WorkerId worker) const {
  Pending* call = calls_.find(handle);
  const bool is_here =
      call != nullptr && call->append.place == Place::queued && call->append.worker == worker;
  return is_here ? call : nullptr;
}

// While no broker answers no batch leaves, and what expires must not add up.
void Batcher::forget_those_that_left(Lane& lane, WorkerId worker) const {
  constexpr std::size_t kSpare = 64;  // so that each costs little to forget
  if (lane.waiting.size() <= 2 * lane.live + kSpare) return;
  std::erase_if(lane.waiting, [&](Handle handle) { return queued(handle, worker) == nullptr; });
}

std::size_t Batcher::held() const {
  std::size_t sum = 0;
  for (const auto& [id, worker] : workers_) {
    for (const Lane& lane : worker.lanes) sum += lane.waiting.size();
  }
  return sum;
}

// The first append that is still queued in the lane; those before it are forgotten.
Pending* Batcher::first_of(Lane& lane, WorkerId worker) {
  while (!lane.waiting.empty()) {
    if (Pending* call = queued(lane.waiting.front(), worker)) return call;
    lane.waiting.pop_front();
  }
  return nullptr;
}

bool Batcher::is_full(const Lane& lane) const {
  return lane.bytes >= std::min(config_.batch_bytes, limits::kMaxBatchBytes) ||
         lane.live >= std::min(config_.batch_entries, limits::kMaxBatchEntries);
}

bool Batcher::may_leave(Instant now, const Worker& worker, Level level,
                        const Pending& first) const {
  const Lane& lane = worker.lanes[lane_of(level)];
  const bool waited = first.append.queued + config_.linger <= now;
  if (level == Level::none) {
    const bool is_calm = !lane.last_left || *lane.last_left + config_.linger <= now;
    return is_calm || waited || is_full(lane) || lane.hurried > 0;
  }
  if (worker.in_flight >= std::max(config_.batches_in_flight, std::uint32_t{1})) return false;
  return worker.in_flight == 0 || waited || is_full(lane) || lane.hurried > 0;
}

std::optional<Batcher::Group> Batcher::take(Instant now) {
  while (!touched_.empty()) {
    const WorkerId id = *touched_.begin();
    const auto found = workers_.find(id);
    if (found != workers_.end()) {
      for (std::size_t lane = 0; lane < kLevels; ++lane) {
        const Pending* first = first_of(found->second.lanes[lane], id);
        const auto level = static_cast<Level>(lane);
        if (first != nullptr && may_leave(now, found->second, level, *first)) {
          return form(now, id, found->second, level);
        }
      }
      set_timer(id, found->second);
    }
    touched_.erase(touched_.begin());
  }
  return std::nullopt;
}

Batcher::Group Batcher::form(Instant now, WorkerId id, Worker& worker, Level level) {
  const std::size_t most_bytes = std::min(config_.batch_bytes, limits::kMaxBatchBytes);
  const std::size_t most_entries =
      std::max(std::min(config_.batch_entries, limits::kMaxBatchEntries), std::uint32_t{1});
  Lane& lane = worker.lanes[lane_of(level)];
  Group group{id, level, {}};
  group.entries.reserve(std::min(lane.live, most_entries));
  std::size_t bytes = 0;
  while (Pending* call = first_of(lane, id)) {
    bytes += call->append.bytes;
    const bool fits = group.entries.size() < most_entries && bytes <= most_bytes;
    if (!group.entries.empty() && !fits) break;
    group.entries.push_back(lane.waiting.front());
    lane.waiting.pop_front();
    if (lane.hurried > 0) --lane.hurried;
    leave(lane, *call);
  }
  lane.last_left = now;
  if (level != Level::none) ++worker.in_flight;
  return group;
}

void Batcher::finished(WorkerId worker) {
  const auto found = workers_.find(worker);
  KIPU_CHECK(found != workers_.end() && found->second.in_flight > 0);
  --found->second.in_flight;
  touched_.insert(worker);
}

void Batcher::flush() {
  for (auto& [id, worker] : workers_) {
    for (Lane& lane : worker.lanes) lane.hurried = lane.live;
    touched_.insert(id);
  }
}

// For the lanes that wait for nothing but time. The others are looked at when a batch finishes.
void Batcher::set_timer(WorkerId id, Worker& worker) {
  Instant at = Instant::never();
  const bool has_room = worker.in_flight < std::max(config_.batches_in_flight, std::uint32_t{1});
  for (std::size_t lane = 0; lane < kLevels; ++lane) {
    const bool counts = static_cast<Level>(lane) != Level::none;
    if (counts && !has_room) continue;
    const Pending* first = first_of(worker.lanes[lane], id);
    if (first != nullptr) at = std::min(at, first->append.queued + config_.linger);
  }
  timers_.set(id, at);
}

void Batcher::on_tick(Instant now) {
  while (const auto due = timers_.pop_due(now)) touched_.insert(*due);
}

}  // namespace kipu::client
