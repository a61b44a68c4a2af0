#include "tests/sim/process.h"

#include <algorithm>
#include <utility>

namespace kipu::sim {
namespace {
constexpr WallTime kWallAtStart{std::chrono::milliseconds(1'800'000'000'000)};
}

void Process::start() {
  up_ = true;
  paused_ = false;
  ++life_;
  tick_at_ = Instant::never();
  backlog_.clear();
  drift_ = next_drift_;
  started_ = world_.now();
  // A steady clock means nothing across lives: machines must not compare its readings.
  steady_offset_ = world_.rng.between(Duration::zero(), std::chrono::hours(1));
  world_.trace.tell(world_.now(), name_, "starts", life_);
  on_start();
}

void Process::crash() {
  if (!up_) return;
  world_.trace.tell(world_.now(), name_, "ends", life_);
  up_ = false;
  backlog_.clear();
  on_crash();
}

void Process::pause(Duration length) {
  if (!up_ || paused_) return;
  world_.trace.tell(world_.now(), name_, "pauses", static_cast<std::uint64_t>(length.count()));
  paused_ = true;
  world_.scheduler.after(length, [this, life = life_] { resume(life); });
}

void Process::resume(std::uint64_t life) {
  if (life != life_ || !up_) return;
  world_.trace.tell(world_.now(), name_, "goes on");
  paused_ = false;
  for (Event& event : std::exchange(backlog_, {})) arrive(life, std::move(event));
}

void Process::post(Duration delay, Event event) {
  const Duration real = delay - delay / 1'000'000 * drift_;
  world_.scheduler.after(real, [this, life = life_, held = std::move(event)]() mutable {
    arrive(life, std::move(held));
  });
}

void Process::arrive(std::uint64_t life, Event event) {
  if (life != life_ || !up_) return;
  if (paused_) {
    backlog_.push_back(std::move(event));
  } else {
    event();
  }
}

Now Process::now() const {
  const Duration own = started_ + drifted(world_.now() - started_);
  const auto wall =
      kWallAtStart + std::chrono::floor<std::chrono::milliseconds>(own + wall_offset_);
  return {Instant::since_start(own + steady_offset_), wall};
}

void Process::schedule_tick() {
  if (!up_) return;
  const Instant due = next_tick();
  if (due >= tick_at_) return;
  tick_at_ = due;
  const Duration delay = std::max(due - now().instant, Duration::zero());
  post(delay, [this, due] {
    if (due != tick_at_) return;  // an earlier one was scheduled since
    tick_at_ = Instant::never();
    // A clock that drifts may not be there yet by a hair.
    if (now().instant < due) return schedule_tick();
    tick();
  });
}

}  // namespace kipu::sim
