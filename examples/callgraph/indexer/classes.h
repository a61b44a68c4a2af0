// What classes have to do with others, by their bases and members, and which of their functions run
// without being named.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "examples/callgraph/indexer/names.h"

namespace callgraph {

// That a class inherits, has or knows another.
struct ClassLink {
  Named* to = nullptr;
  Relation relation = Relation::composes;
  Certainty certainty = Certainty::direct;
  CXCursor said_by{};  // a base or a member
};

class Classes {
 public:
  explicit Classes(Names& names) : names_(names) {}

  // The links of the class `owner`, each relation to one class once; none if it is not defined.
  const std::vector<ClassLink>& links(const Named& owner);

  // The destructor of an object of this type, if it is one of the project's that was written out.
  Named* destructor(CXType type);
  // The constructor without arguments, likewise.
  Named* default_constructor(CXType type);
  // Constructors, but for copying and moving, that take this many arguments.
  std::vector<Named*> constructors(CXType type, int arguments);
  // The methods of this name, and friends that are declared in the class.
  std::vector<CXCursor> methods(CXType type, std::string_view name);
  // The methods of this name in the nearest bases that have any, of templates what they say for all
  // instances.
  std::vector<CXCursor> methods_of_bases(const Named& owner, std::string_view name);

  // The data members of a struct or class, in their order.
  const std::vector<CXCursor>& fields(CXType type);

 private:
  void add_links(CXCursor definition, std::vector<ClassLink>& links);
  void relate(CXType type, ClassLink link, std::vector<ClassLink>& links);
  void relate_arguments(CXType type, const Named* holder, ClassLink link,
                        std::vector<ClassLink>& links);
  void relate_base(CXCursor base, std::vector<ClassLink>& links);
  bool is_interface(CXCursor definition);
  CXCursor definition_of(CXType type);
  static std::vector<CXCursor> methods_in(CXCursor definition, std::string_view name);
  Named* child(CXType type, CXCursorKind kind, bool only_default);

  Names& names_;
  std::unordered_map<const Named*, std::vector<ClassLink>> links_;
  std::unordered_map<CXCursor, Named*, CursorHash, CursorEqual> destructors_;
  std::unordered_map<CXCursor, std::vector<CXCursor>, CursorHash, CursorEqual> fields_;
};

}  // namespace callgraph
