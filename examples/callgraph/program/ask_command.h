// The commands that ask.
#pragma once

#include "examples/callgraph/ask/answer.h"
#include "examples/callgraph/program/arguments.h"
#include "examples/callgraph/show/show.h"

namespace callgraph {

// What a command writes: the answer, and what is to be said beside it.
struct Output {
  std::string text;
  std::vector<std::string> notes;
};

// REQUIRES: a command that asks a graph. `now` is what relative times go back from.
[[nodiscard]] kipu::Result<Output> answer(kipu::Client& client, const std::string& graph,
                                          const Arguments& arguments, kipu::WallTime now,
                                          Look look = Look::plain);

}  // namespace callgraph
