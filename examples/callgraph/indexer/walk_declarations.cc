// What declarations say.
#include <algorithm>

#include "examples/callgraph/indexer/walk.h"

namespace callgraph {

namespace {

// libclang says it of methods alone, and friends may be, too.
bool is_defaulted(CXCursor function) {
  if (clang_CXXMethod_isDefaulted(function) != 0) return true;
  if (!is_function_kind(clang_getCursorKind(function))) return false;
  const CXSourceRange range = clang_getCursorExtent(function);
  std::string_view text = text_from(function, clang_getRangeStart(range));
  const std::string_view behind = text_from(function, clang_getRangeEnd(range));
  text.remove_suffix(std::min(behind.size(), text.size()));
  return text.ends_with("default");
}

bool is_definition(CXCursor cursor) {
  const CXCursorKind kind = clang_getCursorKind(cursor);
  if (kind == CXCursor_Namespace || kind == CXCursor_FieldDecl) return true;
  if (kind == CXCursor_TypedefDecl || kind == CXCursor_TypeAliasDecl) return true;
  if (is_defaulted(cursor)) return true;
  return clang_isCursorDefinition(cursor) != 0;
}

// It has a body, and nothing is written where that stands.
bool has_made_body(CXCursor function) {
  bool made = false;
  for_each_child(function, [&](CXCursor child) {
    if (clang_getCursorKind(child) != CXCursor_CompoundStmt) return CXChildVisit_Continue;
    made = !text_from(child, clang_getCursorLocation(child)).starts_with('{');
    return CXChildVisit_Break;
  });
  return made;
}

bool is_static_local(CXCursor variable) {
  return clang_Cursor_getStorageClass(variable) == CX_SC_Static;
}

}  // namespace

void Walk::declare(Frame& frame) {
  if (!symbol_kind(frame.cursor)) return;
  Named* named = names_.find(frame.cursor);
  if (named == nullptr) return;
  if (named->is_lambda && named->kind == SymbolKind::method) return;
  if (!instance_ && !elsewhere_ && is_kept(*named)) say_symbol(frame, *named);
  if (is_function_kind(frame.kind)) return declare_function(frame, *named);
  if (is_class_kind(frame.kind)) return declare_class(frame, *named);
  if (is_variable_kind(frame.kind)) return declare_variable(frame, *named);
  if (frame.kind == CXCursor_EnumDecl) frame.scope.from = &named->usr;
}

void Walk::say_symbol(const Frame& frame, const Named& named) {
  const bool defined = is_definition(frame.cursor);
  if (named.usr.empty()) return;
  sink_.symbol(frame.cursor, named, defined);
  const CXCursor around = clang_getCursorSemanticParent(frame.cursor);
  const CXCursorKind kind = clang_getCursorKind(around);
  if (!is_class_kind(kind) && kind != CXCursor_Namespace && kind != CXCursor_EnumDecl) return;
  const Named* parent = names_.find(around);
  if (parent == nullptr || !parent->inside) return;
  sink_.edge(place_of(frame.cursor), parent->usr, named.usr,
             defined ? Relation::defines : Relation::declares);
}

void Walk::declare_function(Frame& frame, Named& named) {
  const CXCursor owner = clang_getCursorSemanticParent(frame.cursor);
  frame.scope.from = &named.usr;
  frame.scope.in_function = true;
  frame.scope.owner = is_class_kind(clang_getCursorKind(owner)) ? names_.find(owner) : nullptr;
  frame.scope.returns_reference = is_changing_reference(clang_getCursorResultType(frame.cursor));
  if (instance_) return;
  (void)claim_defaulted(frame.cursor);
  const Place at = files_.place(frame.cursor);
  const CXSourceRange range = clang_getCursorExtent(frame.cursor);
  const Place begin = files_.place(clang_getRangeStart(range));
  const Place end = files_.place(clang_getRangeEnd(range));
  if (at.file != nullptr && begin.file == at.file && end.file == at.file) {
    extents_[at.file].push_back({begin.offset, end.offset, &named});
  }
  say_overrides(frame, named, frame.cursor);
  say_link(frame, named);
}

void Walk::read_defaulted(CXCursor declaration) {
  const CXCursorKind kind = clang_getCursorKind(declaration);
  if (kind == CXCursor_Namespace || kind == CXCursor_FriendDecl || is_class_kind(kind)) {
    for_each_child(declaration, [&](CXCursor child) {
      read_defaulted(child);
      return CXChildVisit_Continue;
    });
  } else if (is_function_kind(kind) && claim_defaulted(declaration)) {
    instances_.push_back({declaration, {}});
  }
}

// True for the first unit in which it has the body that the compiler wrote.
bool Walk::claim_defaulted(CXCursor function) {
  if (!has_made_body(function)) return false;
  const Place at = files_.place(function);
  return at.file != nullptr &&
         claims_.take("defaulted " + at.file->path + ' ' + text_of(clang_getCursorUSR(function)));
}

// What the compiler wrote is passed over, to what that overrides.
void Walk::say_overrides(const Frame& frame, const Named& named, CXCursor method) {
  if (clang_CXXMethod_isVirtual(method) == 0) return;
  CXCursor* overridden = nullptr;
  unsigned int count = 0;
  clang_getOverriddenCursors(method, &overridden, &count);
  for (unsigned int i = 0; i < count; ++i) {
    Named* to = names_.find(overridden[i]);
    if (to == nullptr) continue;
    if (to->is_written) {
      sink_.edge(place_of(frame.cursor), named.usr, *to, Relation::overrides);
    } else {
      say_overrides(frame, named, overridden[i]);
    }
  }
  clang_disposeOverriddenCursors(overridden);
}

// Declared here, defined in no place of this file.
void Walk::say_link(const Frame& frame, Named& named) {
  if (is_definition(frame.cursor) || clang_CXXMethod_isPureVirtual(frame.cursor) != 0) return;
  if (clang_getCursorLinkage(frame.cursor) != CXLinkage_External) return;
  if (clang_getCursorAvailability(frame.cursor) == CXAvailability_NotAvailable) return;
  const Place here = place_of(frame.cursor);
  const CXCursor definition = clang_getCursorDefinition(frame.cursor);
  if (!clang_Cursor_isNull(definition) && files_.place(definition).file == here.file) return;
  if (here.file != nullptr) {
    sink_.edge(here, here.file->usr, named, Relation::links, Certainty::heuristic);
  }
}

void Walk::declare_class(Frame& frame, Named& named) {
  frame.scope.from = &named.usr;
  frame.scope.owner = &named;
  if (instance_ || clang_isCursorDefinition(frame.cursor) == 0) return;
  for (const ClassLink& link : classes_.links(named)) {
    sink_.edge(place_of(link.said_by), named.usr, *link.to, link.relation, link.certainty);
  }
}

void Walk::declare_variable(Frame& frame, Named& named) {
  frame.target = &named;
  if (!named.is_local) {
    frame.scope.from = &named.usr;
    if (!instance_ && frame.kind == CXCursor_VarDecl) say_link(frame, named);
    return;
  }
  const bool ends_here = frame.kind == CXCursor_VarDecl && !is_static_local(frame.cursor);
  if (ends_here) destroy(frame, clang_getCursorType(frame.cursor), false);
}

// The bases and data members of a class, in their order.
std::vector<CXCursor> Walk::parts_of(Named* owner) {
  std::vector<CXCursor> parts;
  if (owner == nullptr) return parts;
  for_each_child(clang_getCursorDefinition(owner->pattern), [&](CXCursor child) {
    const CXCursorKind kind = clang_getCursorKind(child);
    if (kind == CXCursor_CXXBaseSpecifier || kind == CXCursor_FieldDecl) parts.push_back(child);
    return CXChildVisit_Continue;
  });
  return parts;
}

// Bases and members that a constructor does not name are initialised all the same.
void Walk::finish_constructor(const Frame& frame) {
  const bool copies = clang_CXXConstructor_isCopyConstructor(frame.cursor) != 0 ||
                      clang_CXXConstructor_isMoveConstructor(frame.cursor) != 0;
  const Named* constructor = names_.find(frame.cursor);
  const bool is_written = constructor != nullptr && constructor->is_written;
  if (copies || !is_written || !is_definition(frame.cursor)) return;
  Named* owner = frame.scope.owner;
  const bool delegates = std::ranges::find(frame.written, owner) != frame.written.end();
  if (delegates) return;
  for (const CXCursor part : parts_of(owner)) {
    const CXCursor named = clang_getCursorKind(part) == CXCursor_FieldDecl
                               ? part
                               : clang_getTypeDeclaration(clang_getCursorType(part));
    if (std::ranges::find(frame.written, names_.find(named)) != frame.written.end()) continue;
    initialise_silently(frame, part);
  }
}

// By the expression that the member was declared with, or else by its default constructor.
void Walk::initialise_silently(const Frame& constructor, CXCursor member) {
  CXCursor value = clang_getNullCursor();
  for_each_child(member, [&](CXCursor child) {
    const CXCursorKind kind = clang_getCursorKind(child);
    if (clang_isExpression(kind) && clang_getCursorKind(member) == CXCursor_FieldDecl) {
      value = child;
    }
    return CXChildVisit_Continue;
  });
  if (clang_Cursor_isNull(value)) {
    Named* silent = classes_.default_constructor(clang_getCursorType(member));
    return say(constructor.cursor, silent, Relation::calls, constructor.scope);
  }
  const auto before = elsewhere_;
  elsewhere_ = place_of(constructor.cursor);
  const Scope scope = constructor.scope;
  visit(value, scope, CXCursor_FieldDecl);
  elsewhere_ = before;
}

// A destructor destroys the bases and members of its object.
void Walk::finish_destructor(const Frame& frame) {
  const Named* destructor = names_.find(frame.cursor);
  if (destructor == nullptr || !destructor->is_written || !is_definition(frame.cursor)) return;
  for (const CXCursor part : parts_of(frame.scope.owner)) {
    destroy(frame, clang_getCursorType(part), false);
  }
}

}  // namespace callgraph
