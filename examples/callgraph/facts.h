// What is known of source code: symbols, and relations between them, each said by a place in a
// file.
//
// A fact belongs to the file in which it is said: a call to the file of the call, a declaration to
// the file that declares. So the facts of a header are the same whichever translation unit shows
// them, and what a file says is replaced as a whole when the file changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace callgraph {

enum class SymbolKind : std::uint8_t {
  function,    // free, static or not; templates too
  method,      // constructors and destructors too
  variable,    // global, static, or of a namespace
  member,      // data of a class
  local,       // variables and parameters within functions: on demand
  class_type,  // class, struct, union
  enumeration,
  enumerator,
  macro,
  type_alias,
  name_space,
  file,
};

// What `from` does to `to`. Stored in both directions; the words for the way back are in words.h.
enum class Relation : std::uint8_t {
  calls,
  reads,  // the value of a variable
  writes,
  copies,      // its value goes into another variable or argument unchanged
  references,  // its address is taken, or a function's name used without a call
  inherits,    // class from class
  realizes,    // class from a base of which all methods are pure
  composes,    // class has a member of class type, by value
  aggregates,  // class holds others through an owning pointer or a container
  associates,  // class knows another through a plain pointer or reference member
  depends,     // class names another in signatures or bodies only
  links,       // function or variable declared here is defined in another file
  overrides,   // method overrides method
  includes,    // file includes file
  declares,    // file, class or namespace declares symbol
  defines,     // file defines symbol
  expands,     // function or file uses macro
};

enum class Certainty : std::uint8_t {
  direct,     // the compiler's own answer
  dynamic,    // through a virtual function: it, or what overrides it
  pointer,    // through a pointer to function, which may point elsewhere
  heuristic,  // by a rule that may err; which, docs/examples/callgraph.md says for each relation
};

struct Symbol {
  std::string usr;  // Clang's Unified Symbol Resolution: the id, the same in all translation units
  SymbolKind kind = SymbolKind::function;
  std::string name;            // qualified: kipu::Client::append
  std::string signature;       // with parameters; the name where it has none
  std::string language;        // "C", "C++"
  bool is_definition = false;  // here; else a declaration
  std::uint32_t line = 0;      // from 1
  std::uint32_t column = 0;    // from 1, in bytes
  friend auto operator<=>(const Symbol&, const Symbol&) = default;
};

struct Edge {
  std::string from;  // usr; of a file: file_usr of its path
  std::string to;
  Relation relation = Relation::calls;
  Certainty certainty = Certainty::direct;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};

// What one file says, each fact once, sorted.
struct FileFacts {
  std::vector<Symbol> symbols;
  std::vector<Edge> edges;
};

// A file of the project, as it was when it was read. `path` is relative to the project's root.
struct SourceFile {
  std::string path;
  std::uint64_t size = 0;
  std::string md5;  // 32 hexadecimal digits
  std::uint32_t adler32 = 0;
  std::int64_t modified = 0;  // microseconds since 1970, UTC
  std::string language;
  std::string command;  // MD5 of the commands that compile it, 32 digits; a header has none
};

// The id of a file among symbols: "file:" and its path.
std::string file_usr(const std::string& path);

}  // namespace callgraph
