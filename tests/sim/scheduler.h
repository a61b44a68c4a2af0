// Virtual time: events in the order of their time, and of their scheduling where that is equal.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "tests/sim/event.h"

namespace kipu::sim {

class Scheduler {
 public:
  Duration now() const { return now_; }
  void after(Duration delay, Event event);
  // Runs the next event; false if there is none.
  bool step();
  std::uint64_t steps() const { return steps_; }

 private:
  struct Entry {
    Duration when{0};
    std::uint64_t number = 0;
    Event event;
  };
  static bool later(const Entry& a, const Entry& b);

  std::vector<Entry> heap_;
  Duration now_{0};
  std::uint64_t scheduled_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace kipu::sim
