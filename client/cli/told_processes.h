// What a supervisor says of the processes of its cluster, as a status brings it: JSON, which
// docs/protocol.md ("Status") describes. The supervisor may be of another host and another version
// than this command, so members are taken one by one, and whatever is no such text says nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "client/cli/json_writer.h"

namespace kipu::cli {

struct ToldProcess {
  std::string name;        // `broker`, `worker-1`
  StoreId store;           // of a worker; none if its store could not be read
  std::int64_t pid = 0;    // 0: none runs
  std::string state;       // `running`, `starting`, `waiting` (to be started again), `stopped`
  std::string exit;        // how it last ended: `exit code 5`; empty if it never did
  std::string last_words;  // what it said then
  std::uint64_t ends = 0;  // how often it has ended
  std::string last_end;    // RFC 3339; empty if it never did
  std::string next_start;  // likewise, of `waiting`
  std::string log;         // its log file
  std::string remedy;      // a command to type; empty if there is none
  friend bool operator==(const ToldProcess&, const ToldProcess&) = default;

  // Not there, and not about to be: it has ended, or was never started.
  bool is_down() const { return state == "waiting" || state == "stopped"; }
};

using ToldProcesses = std::vector<ToldProcess>;

// In the supervisor's order; none if `text` is no such JSON.
[[nodiscard]] ToldProcesses told_processes(std::string_view text);

// The process of that store; null if there is none.
[[nodiscard]] const ToldProcess* find_process(const ToldProcesses& processes, const StoreId& store);

// The members of one JSON object.
void render_json(const ToldProcess& process, JsonWriter& json);

}  // namespace kipu::cli
