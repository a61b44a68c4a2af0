// The parts of a qualified name: `std::vector<a::b>::push_back` has three.
#pragma once

#include <cstddef>
#include <string_view>

namespace callgraph {

// The last part, without template arguments: `append` of kipu::Client::append.
[[nodiscard]] std::string_view simple_name(std::string_view name);

// At least 1. What is still being typed counts, too: `Client::` has two parts.
[[nodiscard]] std::size_t part_count(std::string_view name);

// All of it where it has no more than `count` parts.
[[nodiscard]] std::string_view last_parts(std::string_view name, std::size_t count);

}  // namespace callgraph
