// What declarations are called: their ids, which do not depend on the translation unit, their
// qualified names and kinds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "examples/callgraph/facts.h"
#include "examples/callgraph/indexer/clang_handles.h"
#include "examples/callgraph/indexer/unit_files.h"

namespace callgraph {

// A declaration that facts can name.
struct Named {
  std::string usr;
  CXCursor pattern{};  // of an instance of a template, the template; else itself
  SymbolKind kind = SymbolKind::function;
  bool inside = false;     // declared in a file of the project
  bool is_local = false;   // a variable or parameter of a function
  bool is_lambda = false;  // the call operator of one, or what belongs to it
  bool is_written = true;  // false of a function that the compiler wrote by itself
};

[[nodiscard]] bool is_function_kind(CXCursorKind kind);
[[nodiscard]] bool is_class_kind(CXCursorKind kind);
[[nodiscard]] bool is_variable_kind(CXCursorKind kind);  // parameters and members, too

// The kind of symbol that `cursor` declares; nothing if it declares none that is kept.
[[nodiscard]] std::optional<SymbolKind> symbol_kind(CXCursor cursor);

// kipu::Client::append, of any declaration.
[[nodiscard]] std::string qualified_name(CXCursor cursor);
// kipu::Client::append(std::string_view) of functions, else the qualified name.
[[nodiscard]] std::string signature_of(CXCursor cursor, const std::string& qualified);

class Names {
 public:
  explicit Names(UnitFiles& files) : files_(files) {}

  // What `declaration` is; null if it is nothing that facts name. It stays where it is.
  Named* find(CXCursor declaration);

  // The id of a macro: Clang's has its offset in it, which changes with each edit above it.
  std::string macro_usr(const UnitFile& file, std::string_view name) const;

  // The template that `declaration` is an instance of, through all levels, or what it is in the
  // template of its class; itself if it is none, or was written out as a specialisation of its own.
  CXCursor pattern_of(CXCursor declaration);

 private:
  std::unique_ptr<Named> make(CXCursor declaration);
  std::string usr_of(CXCursor pattern);
  CXCursor member_of_pattern(CXCursor member);
  bool is_written(CXCursor function);

  UnitFiles& files_;
  std::unordered_map<CXCursor, std::unique_ptr<Named>, CursorHash, CursorEqual> known_;
};

}  // namespace callgraph
