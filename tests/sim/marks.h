// Marks on rare branches: how often each was reached, by what could be seen from the outside. One
// that no seed of many reaches means that the seeds prove less than they seem to.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace kipu::sim {

enum class Mark : std::uint8_t {
  stream_dropped,    // a stream dropped a message at its high-water mark
  resubscribed,      // a worker subscribed to a stream anew
  gap,               // a bundle did not fit the cursor of the worker that it was for
  fetch,             // a worker asked for what it had missed
  fetched,           // and got it
  fetched_part,      // and more was left to fetch
  trimmed,           // a log no longer had what was asked for
  read_repair,       // a replica was sent what a read had shown it to lack
  digests_differ,    // replicas answered a read differently, so whole results were asked for
  hedge,             // a read asked more replicas than its level needs
  not_whole,         // a replica said that it is not whole
  reconciled,        // a partition became whole again
  loss_learnt,       // a store found out that it had lost something
  lease_lost,        // a worker refused for want of a lease
  unknown_count,     // an outcome was unknown, and the answer said how many hold it
  too_few_live,      // a write was refused because too few replicas lived
  failover,          // a replica that is not the first coordinated a write
  held_back,         // a bundle was not published, since its reader was too far behind
  disk_emptied,      // a store came back empty
  disk_rolled_back,  // a store came back as it had been
  unreadable,        // a store could not read what it was asked for
  overloaded,
  read_only,
  clock_skew,
  kept_at_crash,  // what was under way at a crash was on the disk afterwards
};
inline constexpr std::size_t kMarks = static_cast<std::size_t>(Mark::kept_at_crash) + 1;

[[nodiscard]] const char* mark_name(Mark mark);
// Whether runs of one replica cannot reach it.
[[nodiscard]] bool needs_replicas(Mark mark);

class Marks {
 public:
  void hit(Mark mark) { ++counts_[static_cast<std::size_t>(mark)]; }
  std::uint64_t count(Mark mark) const { return counts_[static_cast<std::size_t>(mark)]; }
  void add(const Marks& other);
  void add(Mark mark, std::uint64_t count) { counts_[static_cast<std::size_t>(mark)] += count; }

  // What a log line or an error tells.
  void read(std::string_view text);
  void read(const Error& error);

 private:
  std::array<std::uint64_t, kMarks> counts_{};
};

}  // namespace kipu::sim
