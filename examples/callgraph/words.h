// The words for what facts.h enumerates: as they are typed, printed, and found in JSON.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "examples/callgraph/facts.h"

namespace callgraph {

[[nodiscard]] std::string_view word(SymbolKind kind);
[[nodiscard]] std::string_view word(Relation relation);
// The way back: "called by" of `calls`.
[[nodiscard]] std::string_view word_back(Relation relation);
[[nodiscard]] std::string_view word(Certainty certainty);

// Every relation, in the order of the enumeration.
[[nodiscard]] std::span<const Relation> all_relations();
[[nodiscard]] std::optional<Relation> relation_of(std::string_view word);
[[nodiscard]] std::optional<SymbolKind> kind_of(std::string_view word);

}  // namespace callgraph
