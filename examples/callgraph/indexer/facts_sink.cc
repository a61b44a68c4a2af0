#include "examples/callgraph/indexer/facts_sink.h"

namespace callgraph {

void FactsSink::symbol(CXCursor cursor, const Named& named, bool is_definition) {
  const Place at = files_.place(cursor);
  if (at.file == nullptr || !at.file->inside) return;
  if (named.kind == SymbolKind::name_space && !namespaces_.emplace(at.file, &named).second) return;
  Symbol symbol;
  symbol.usr = named.usr;
  symbol.kind = named.kind;
  symbol.name = qualified_name(cursor);
  symbol.signature = signature_of(cursor, symbol.name);
  symbol.is_definition = is_definition;
  this->symbol(at, std::move(symbol));
}

void FactsSink::symbol(const Place& at, Symbol symbol) {
  symbol.language = language_;
  symbol.line = at.line;
  symbol.column = at.column;
  edge(at, at.file->usr, symbol.usr, symbol.is_definition ? Relation::defines : Relation::declares);
  at.file->facts.symbols.push_back(std::move(symbol));
}

void FactsSink::edge(const Place& at, const std::string& from, Named& to, Relation relation,
                     Certainty certainty) {
  if (at.file == nullptr || !at.file->inside) return;
  if (!to.inside) name_from_outside(*at.file, to);
  edge(at, from, to.usr, relation, certainty);
}

void FactsSink::edge(const Place& at, const std::string& from, const std::string& to,
                     Relation relation, Certainty certainty) {
  if (at.file == nullptr || !at.file->inside || from.empty()) return;
  at.file->facts.edges.push_back({from, to, relation, certainty, at.line, at.column});
}

void FactsSink::name_from_outside(UnitFile& file, Named& named) {
  if (!named_outside_.emplace(&file, &named).second) return;
  Symbol symbol;
  symbol.usr = named.usr;
  symbol.kind = named.kind;
  symbol.name = qualified_name(named.pattern);
  symbol.signature = signature_of(named.pattern, symbol.name);
  symbol.language = language_;
  file.facts.symbols.push_back(std::move(symbol));
}

}  // namespace callgraph
