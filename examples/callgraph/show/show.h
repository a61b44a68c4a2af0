// How answers look.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "examples/callgraph/ask/answer.h"

namespace callgraph {

enum class Format { text, json, dot, svg, graphml };
// Of text: in a terminal, colours tell names, places and branches apart.
enum class Look { plain, coloured };

[[nodiscard]] std::optional<Format> format_of(std::string_view word);

// The whole output, with its last newline. `unsupported` for tables as pictures, or where Graphviz
// is missing; `io_error` where it fails.
[[nodiscard]] kipu::Result<std::string> show(const Answer& answer, Format format,
                                             Look look = Look::plain);
[[nodiscard]] kipu::Result<std::string> show(const Table& table, Format format,
                                             Look look = Look::plain);

// Trees, and ways from line to line, with the places of what they say in a column of their own;
// notes are not in it.
[[nodiscard]] std::string as_text(const Answer& answer, Look look = Look::plain);
[[nodiscard]] std::string as_text(const Table& table, Look look = Look::plain);
[[nodiscard]] std::string as_json(const Answer& answer);
[[nodiscard]] std::string as_json(const Table& table);
// Every edge in the direction in which it is stored; ways as columns, one for each section.
[[nodiscard]] std::string as_dot(const Answer& answer);
[[nodiscard]] std::string as_graphml(const Answer& answer);

// A picture of a graph in DOT, drawn by Graphviz's `dot`, which is looked for in PATH.
[[nodiscard]] kipu::Result<std::string> drawn(const std::string& dot);

// The same, where every section of `answer` is a way.
[[nodiscard]] std::string ways_as_dot(const Answer& answer);

// For people: the name, with parameters where the signature has them.
[[nodiscard]] const std::string& label(const Node& node);

}  // namespace callgraph
