// Completion in bash: a small script, which asks the program itself what may stand where the cursor
// is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace callgraph {

// What may stand at the end of a command line.
struct Completion {
  enum class Kind {
    words,    // one of `words`
    symbols,  // of the graph
    files,    // of the graph
    graphs,   // their names
    paths,    // of the disk
  };
  Kind kind = Kind::words;
  std::vector<std::string> words = {};
};

// `typed`: the words of a command line after the program's name, up to the cursor; the last is the
// one that is being typed, perhaps empty.
[[nodiscard]] Completion completion_of(std::span<const std::string> typed);

// Of `typed`, the options that say where the graph is, with their values: as --name=value.
[[nodiscard]] std::vector<std::string> place_options(std::span<const std::string> typed);

// A script for bash: `source <(callgraph completion)`.
[[nodiscard]] std::string bash_completion();

}  // namespace callgraph
