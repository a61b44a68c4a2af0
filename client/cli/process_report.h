// What the supervisor of `up` says of its processes, in the file `processes` of its directory: one
// JSON object on one line, replaced at every change, removed when `up` ends.
//
//   {"supervisor":PID,"processes":[{"name":"worker-2","store":"32 hex digits, or nothing",
//    "pid":0,"state":"waiting","exit":"exit code 5","last_words":"…","ends":3,
//    "last_end":"RFC 3339","next_start":"RFC 3339","log":"/…","remedy":"kipu worker replace …"}]}
//
// At most 64 KiB: if there are more processes than fit, those that run are left out first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/ids.h"
#include "base/time.h"

namespace kipu::cli {

inline constexpr std::size_t kMaxProcessReportBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxLastWordsBytes = 300;

struct ProcessState {
  enum class State {
    running,   // it said that it serves
    starting,  // it runs, and has not said so yet
    waiting,   // it ended, and is started again at next_start
    stopped,   // it is not started again
  };
  std::string name;
  StoreId store;  // of a worker, if known
  pid_t pid = 0;  // 0: none
  State state = State::stopped;
  std::string exit;        // how it ended last: "exit code 5", "signal 9 (Killed)"; empty: never
  std::string last_words;  // what it said then, printable
  std::uint32_t ends = 0;  // how often it ended
  std::optional<WallTime> last_end;
  std::optional<WallTime> next_start;
  std::string log;
  std::string remedy;  // a command, or empty
};

struct ProcessReport {
  pid_t supervisor = 0;
  std::vector<ProcessState> processes;

  const ProcessState* find(std::string_view name) const;
};

[[nodiscard]] std::string format_processes(const ProcessReport& report);
// Nothing if that is not what format_processes() writes. Times are not read.
[[nodiscard]] std::optional<ProcessReport> parse_processes(std::string_view text);

// `text` printable, and no longer than that; cut where it is.
[[nodiscard]] std::string cut_words(std::string_view text, std::size_t most = kMaxLastWordsBytes);

}  // namespace kipu::cli
