// The kinds of faults that the nemesis strikes with.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace kipu::sim {

enum class Fault : std::uint8_t {
  crash_worker,
  stop_worker,  // as SIGTERM does: it finishes what is in flight, then ends
  crash_broker,
  crash_client,
  crash_all,  // all workers and the broker at once, as where the power fails
  pause,
  jump_clock,
  cut,      // one way or both between any two processes that talk
  thin,     // likewise: many messages are lost
  clog,     // likewise: messages wait, and come all at once
  isolate,  // one worker is cut off from all others, in, out or both
  reconnect,
  stall_disk,
  fail_disk,
  fill_disk,
  empty_disk,      // a worker loses its disk, and comes back under the same store id
  roll_back_disk,  // a worker comes back with an older copy of its disk
  rot,             // a part of a disk cannot be read for a while
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::rot) + 1;

using FaultSet = std::bitset<kFaults>;

[[nodiscard]] constexpr std::size_t index_of(Fault fault) {
  return static_cast<std::size_t>(fault);
}

[[nodiscard]] constexpr const char* fault_name(Fault fault) {
  constexpr const char* kNames[] = {"crash of a worker",
                                    "stop of a worker",
                                    "crash of the broker",
                                    "crash of a client",
                                    "power failure",
                                    "pause",
                                    "jump of a clock",
                                    "cut",
                                    "thin way",
                                    "clogged way",
                                    "worker cut off",
                                    "new connection",
                                    "stall of a disk",
                                    "failure of a disk",
                                    "full disk",
                                    "empty disk",
                                    "disk rolled back",
                                    "rot"};
  static_assert(sizeof(kNames) / sizeof(kNames[0]) == kFaults);
  return kNames[static_cast<std::size_t>(fault)];
}

}  // namespace kipu::sim
