// A process of the simulated cluster: it starts, crashes, pauses, and has clocks of its own. What
// happens to it while it is paused happens, in order, when it goes on; what was under way in it
// when it crashed never happens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "tests/sim/world.h"

namespace kipu::sim {

class Process {
 public:
  Process(World& world, std::string name)
      : world_(world), number_(world.processes++), name_(std::move(name)) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  // Unlike that of any other process of the run.
  std::uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  bool up() const { return up_; }
  bool paused() const { return paused_; }
  // Which life of the process this is; 0 before the first.
  std::uint64_t life() const { return life_; }

  void start();
  void crash();
  void pause(Duration length);
  // Its wall clock is off by so much from now on.
  void set_clock_off(Duration by) { wall_offset_ = by; }

  // Its clocks gain so many parts in a million from its next start on.
  void set_drift(std::int64_t per_million) { next_drift_ = per_million; }

  // Runs `event` after `delay` by its own clock, if this life of the process lasts so long.
  void post(Duration delay, Event event);
  // The time by this process's clocks.
  Now now() const;

 protected:
  virtual void on_start() = 0;
  virtual void on_crash() = 0;
  virtual void tick() = 0;
  virtual Instant next_tick() const = 0;

  // To be called after every event that a machine has handled.
  void schedule_tick();

  World& world_;

 private:
  void arrive(std::uint64_t life, Event event);
  void resume(std::uint64_t life);

  Duration drifted(Duration real) const { return real + real / 1'000'000 * drift_; }

  const std::uint32_t number_;
  const std::string name_;
  bool up_ = false;
  bool paused_ = false;
  std::uint64_t life_ = 0;
  Duration steady_offset_{0};
  Duration wall_offset_{0};
  std::int64_t drift_ = 0;  // parts in a million, in this life
  std::int64_t next_drift_ = 0;
  Duration started_{0};
  std::vector<Event> backlog_;
  Instant tick_at_ = Instant::never();  // that a tick is scheduled for
};

}  // namespace kipu::sim
