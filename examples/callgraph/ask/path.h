// How one function comes to call another.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

// A part of a way in which calls lead from stop to stop. Each stop is one symbol, or several that
// share a name: then any of them.
struct Stretch {
  std::string caption;
  std::vector<std::vector<std::string>> stops;  // at least one
};

// For each stretch a section, a way, in which every leg is a shortest one; a virtual call may go to
// what overrides the method that it names. From one stretch to the next nothing is looked for:
// there the way goes on by other means, such as a message or another thread. Where no calls lead on
// within `limit` symbols, a stretch ends with what it has, and a note says so.
[[nodiscard]] kipu::Result<Answer> ask_path(Snapshot& snapshot, std::span<const Stretch> stretches,
                                            std::size_t limit);

// Operands as people write them, cut into stretches: one that begins with a slash opens a new one,
// and what stands after the slash is its caption. `invalid_argument` for a stretch without names,
// and for a single name alone.
struct NamedStretch {
  std::string caption;
  std::vector<std::string> names;
};
[[nodiscard]] kipu::Result<std::vector<NamedStretch>> stretches_of(
    std::span<const std::string> operands);

}  // namespace callgraph
