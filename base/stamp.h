// Stamps: when an entry was written and by whom, and the client's hybrid clock that makes them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kipu {

// The time part of a stamp: 48 bits of milliseconds since 1970, then a 16-bit counter that carries
// into the milliseconds. Times compare as the numbers do.
class StampTime {
 public:
  constexpr StampTime() = default;
  constexpr explicit StampTime(std::uint64_t bits) : bits_(bits) {}

  // The first time within that millisecond. Times before 1970 become 0; those past the 48 bits
  // (the year 10889) become the last.
  static StampTime at(WallTime wall);
  static constexpr StampTime last() { return StampTime(~std::uint64_t{0}); }

  constexpr std::uint64_t bits() const { return bits_; }
  WallTime wall() const;
  // The time `steps` counts later, saturating.
  StampTime plus(std::uint64_t steps) const;

  friend constexpr auto operator<=>(StampTime, StampTime) = default;

 private:
  std::uint64_t bits_ = 0;
};

// 128 bits that name one write: made once, before the first send; a retry carries the same.
// Written as 32 hex digits, time first.
struct Stamp {
  StampTime time;
  std::uint64_t writer = 0;  // random, one per client instance

  static std::optional<Stamp> parse(std::string_view hex);
  std::string to_string() const;

  friend constexpr auto operator<=>(const Stamp&, const Stamp&) = default;
};

// A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) for one writer: its
// stamps are never behind the wall clock, nor behind any stamp that it observed or that was stored,
// and increase strictly, with one exception. A wall clock that was ahead and is set right leaves
// behind stamps which no worker takes: once they lie more than `max_ahead` past the wall clock, the
// next stamp does not follow them, but what was observed and stored; it has another writer, since
// it may come to a time that was given out before.
//
// What it observes is capped at `max_ahead` past the wall clock too, so that one machine with a
// fast clock cannot drag others along. Not thread-safe.
class HybridClock {
 public:
  HybridClock(std::uint64_t writer, Duration max_ahead)
      : max_ahead_(std::chrono::floor<std::chrono::milliseconds>(max_ahead)), writer_(writer) {}

  Stamp next(WallTime wall);
  // A stamp that somebody else chose for this writer's entry, which may yet be refused.
  void chosen(WallTime wall, StampTime time);
  // Of an entry that was read.
  void observe(WallTime wall, StampTime seen);
  // Of an own entry: a worker whose clock is not behind it has taken it.
  void stored(StampTime time);

 private:
  StampTime capped(WallTime wall, StampTime time) const;

  const std::chrono::milliseconds max_ahead_;
  std::uint64_t writer_;
  StampTime last_;   // that was given out, or lies behind those that will be
  StampTime known_;  // that an entry which is stored has; never past last_
};

}  // namespace kipu
