#include "examples/callgraph/words.h"

#include <algorithm>
#include <array>

namespace callgraph {
namespace {

constexpr std::array<std::string_view, 12> kKinds{
    "function",    "method",     "variable", "member",     "local",     "class",
    "enumeration", "enumerator", "macro",    "type alias", "namespace", "file"};

struct RelationWords {
  Relation relation;
  std::string_view there;
  std::string_view back;
};

constexpr std::array kRelations{
    RelationWords{Relation::calls, "calls", "called by"},
    RelationWords{Relation::reads, "reads", "read by"},
    RelationWords{Relation::writes, "writes", "written by"},
    RelationWords{Relation::copies, "copies", "copied by"},
    RelationWords{Relation::references, "references", "referenced by"},
    RelationWords{Relation::inherits, "inherits", "inherited by"},
    RelationWords{Relation::realizes, "realizes", "realized by"},
    RelationWords{Relation::composes, "composes", "part of"},
    RelationWords{Relation::aggregates, "aggregates", "held by"},
    RelationWords{Relation::associates, "associates", "known to"},
    RelationWords{Relation::depends, "depends", "needed by"},
    RelationWords{Relation::links, "links", "linked from"},
    RelationWords{Relation::overrides, "overrides", "overridden by"},
    RelationWords{Relation::includes, "includes", "included by"},
    RelationWords{Relation::declares, "declares", "declared in"},
    RelationWords{Relation::defines, "defines", "defined in"},
    RelationWords{Relation::expands, "expands", "expanded in"},
};

constexpr std::array<Relation, kRelations.size()> relations_only() {
  std::array<Relation, kRelations.size()> relations{};
  for (std::size_t i = 0; i < kRelations.size(); ++i) relations[i] = kRelations[i].relation;
  return relations;
}

constexpr auto kAllRelations = relations_only();

constexpr std::array<std::string_view, 4> kCertainties{"direct", "virtual", "pointer", "heuristic"};

const RelationWords& words_of(Relation relation) {
  return kRelations[static_cast<std::size_t>(relation)];
}

}  // namespace

std::string file_usr(const std::string& path) {
  return "file:" + path;
}

std::string_view word(SymbolKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::string_view word(Relation relation) {
  return words_of(relation).there;
}
std::string_view word_back(Relation relation) {
  return words_of(relation).back;
}
std::string_view word(Certainty certainty) {
  return kCertainties[static_cast<std::size_t>(certainty)];
}

std::span<const Relation> all_relations() {
  return kAllRelations;
}

std::optional<Relation> relation_of(std::string_view word) {
  const auto* found = std::ranges::find(kRelations, word, &RelationWords::there);
  if (found == kRelations.end()) return std::nullopt;
  return found->relation;
}

std::optional<SymbolKind> kind_of(std::string_view word) {
  const auto* found = std::ranges::find(kKinds, word);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<SymbolKind>(found - kKinds.begin());
}

}  // namespace callgraph
