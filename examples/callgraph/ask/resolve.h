// From what a person types to symbols: names completed, and told apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/graph/snapshot.h"

namespace callgraph {

// How well a symbol fits, best first. `outside`: by its name or the end of it, but it is none of
// the project's own.
enum class Fit { exact, suffix, other_case, outside, beginning };

struct Match {
  Fit fit = Fit::exact;
  Node node;
};

// The symbols and files that `text` may mean, best first: a usr; a signature; a qualified name, or
// the end of one (Client::append for kipu::Client::append); the beginning of a simple name; the
// path of a file, or the end of one. Only what is there in the snapshot. At most `limit`.
[[nodiscard]] kipu::Result<std::vector<Match>> find_symbols(Snapshot& snapshot,
                                                            std::string_view text,
                                                            std::size_t limit);

// What a question is about. Where a name, or the end of one, is that of several symbols, and some
// of them are such, the others are not meant: nobody calls a class, and a constructor has no bases.
enum class About { anything, functions, variables, classes, files };

// The usrs of the one symbol that `text` names. `invalid_argument` where none does, with what comes
// near it, or where several do, with what to type for each; with `all`, several are taken together.
[[nodiscard]] kipu::Result<std::vector<std::string>> resolve(Snapshot& snapshot,
                                                             std::string_view text, bool all,
                                                             About about = About::anything);
// The error where nothing is named so.
[[nodiscard]] kipu::Error nothing_named(std::string_view text);

// What to type for one of several matches: the shortest that names it alone.
[[nodiscard]] std::string to_type(const Node& node, const std::vector<Match>& matches);

}  // namespace callgraph
