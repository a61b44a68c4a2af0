// What changed between two times, and what files there are.
#pragma once

#include <cstddef>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

// Files that came, went or changed, and the facts that these began or ceased to say: symbols that
// are new or gone, and relations, but not those that only moved to another line. At most `limit`
// rows.
[[nodiscard]] kipu::Result<Table> ask_diff(Snapshot& before, Snapshot& after, std::size_t limit);

// The files of a snapshot: path, size, digests, time, language, generation.
[[nodiscard]] kipu::Result<Table> ask_files(Snapshot& snapshot, std::size_t limit);

// "2026-05-06T07:08:09.123Z".
[[nodiscard]] std::string written(kipu::WallTime at);

}  // namespace callgraph
