#include "tests/sim/scheduler.h"

#include <algorithm>
#include <tuple>

namespace kipu::sim {

bool Scheduler::later(const Entry& a, const Entry& b) {
  return std::tie(a.when, a.number) > std::tie(b.when, b.number);
}

void Scheduler::after(Duration delay, Event event) {
  heap_.push_back({now_ + std::max(delay, Duration::zero()), ++scheduled_, std::move(event)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Scheduler::step() {
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Entry next = std::move(heap_.back());
  heap_.pop_back();
  now_ = next.when;
  ++steps_;
  next.event();
  return true;
}

}  // namespace kipu::sim
