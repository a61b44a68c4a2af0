// Where something stands in a worker's stream of commits.
#pragma once

#include <cstdint>

namespace kipu {

// A commit of a store: the run (one life of the store, a random number that is never 0) and how
// many commits of that run came before it, from 1. A position is never used twice. Two positions of
// one run compare by counter; of two runs only the store that had them knows which came first, so
// there is no order between positions.
struct Position {
  std::uint64_t run = 0;
  std::uint64_t counter = 0;
  // Before everything.
  bool is_none() const { return run == 0; }
  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace kipu
