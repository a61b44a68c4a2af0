#include <array>
#include <utility>

#include "examples/callgraph/show/show.h"

namespace callgraph {

std::optional<Format> format_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Format>, 5> kFormats{
      {{"text", Format::text},
       {"json", Format::json},
       {"dot", Format::dot},
       {"svg", Format::svg},
       {"graphml", Format::graphml}}};
  for (const auto& [name, format] : kFormats) {
    if (name == word) return format;
  }
  return std::nullopt;
}

kipu::Result<std::string> show(const Answer& answer, Format format, Look look) {
  switch (format) {
    case Format::text:
      return as_text(answer, look);
    case Format::json:
      return as_json(answer);
    case Format::dot:
      return as_dot(answer);
    case Format::svg:
      return drawn(as_dot(answer));
    case Format::graphml:
      return as_graphml(answer);
  }
  return kipu::fail(kipu::ErrorCode::internal, "a format that is none");
}

kipu::Result<std::string> show(const Table& table, Format format, Look look) {
  if (format == Format::text) return as_text(table, look);
  if (format == Format::json) return as_json(table);
  return kipu::fail(kipu::ErrorCode::unsupported,
                    "this answer is a table and has no picture: write -o text or -o json");
}

const std::string& label(const Node& node) {
  return node.signature.empty() ? node.name : node.signature;
}

}  // namespace callgraph
