// How an expression uses what it names: the role of each child of a syntax node follows from the
// node and the node's own role.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "examples/callgraph/indexer/names.h"

namespace callgraph {

enum class Use : std::uint8_t {
  none,  // not evaluated
  call,  // it stands where a call says what is called
  read,
  write,
  read_write,
  copy,       // its value goes elsewhere as it is
  reference,  // its address is taken, or a reference that can change it bound
};

// What is around declarations and expressions.
struct Scope {
  const std::string* from = nullptr;  // the id of what says the facts: function, variable, class…
  Named* owner = nullptr;             // the class, within one or its methods
  bool in_function = false;
  bool returns_reference = false;  // the function returns a reference that can change its object
};

// A node of the syntax tree that is being read, and what its children need to know.
struct Frame {
  CXCursor cursor{};
  CXCursorKind kind = CXCursor_InvalidFile;
  Use use = Use::read;
  bool indexed = false;  // used through [], so that an array's element takes the use
  unsigned int children = 0;
  int operation = 0;                // of a unary or binary operator
  Use object_use = Use::read;       // of a member: how what is before the dot is used
  CXCursor callee{};                // of a call
  CXType function_type{};           // of a call: parameters
  std::vector<CXCursor> arguments;  // of a call
  Named* target = nullptr;          // where the value goes: a variable or member
  int collector = -1;               // the frame that wants to know what is written, or -1
  const std::vector<CXCursor>* fields = nullptr;  // of an initialiser list
  std::vector<Named*> written;                    // of a constructor: members it initialises
  Scope scope;
};

struct ChildUse {
  Use use = Use::read;
  bool indexed = false;
  bool keeps_target = false;  // the value of the child is that of the node
};

// The role of `child`, which is child number `index` of `parent`.
[[nodiscard]] ChildUse use_of_child(const Frame& parent, CXCursor child, unsigned int index);

// Whether a reference of this type lets its object be changed.
[[nodiscard]] bool is_changing_reference(CXType type);
[[nodiscard]] bool is_array_type(CXType type);

}  // namespace callgraph
