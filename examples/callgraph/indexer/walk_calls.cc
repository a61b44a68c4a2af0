// Calls, written and silent.
#include <algorithm>
#include <array>

#include "examples/callgraph/indexer/walk.h"

namespace callgraph {

namespace {

// More parameters than any function that is written by hand.
constexpr int kMostArguments = 256;

bool stands_at_class(CXCursor function) {
  const CXCursor owner = clang_getCursorSemanticParent(function);
  return is_class_kind(clang_getCursorKind(owner)) &&
         clang_equalLocations(clang_getCursorLocation(function), clang_getCursorLocation(owner)) !=
             0;
}

bool is_operator(std::string_view name) {
  return name.starts_with("operator") && name.size() > 8 &&
         (std::string_view("=<>+-*/%&|^!~[( ").find(name[8]) != std::string_view::npos);
}

// Of what is outside, constructors and operators are noise: every string has them.
bool is_noise(const Named& function, CXCursor callee) {
  if (function.inside) return false;
  const CXCursorKind kind = clang_getCursorKind(callee);
  return kind == CXCursor_Constructor || kind == CXCursor_Destructor ||
         kind == CXCursor_ConversionFunction ||
         is_operator(text_of(clang_getCursorSpelling(callee)));
}

CXType function_type_of(CXCursor callee) {
  CXType type = clang_getCanonicalType(clang_getCursorType(callee));
  if (type.kind == CXType_Pointer) type = clang_getCanonicalType(clang_getPointeeType(type));
  return type;
}

// The expression behind a parameter's name, if it has a default.
CXCursor default_of(CXCursor function, int index) {
  CXCursor value = clang_getNullCursor();
  int at = 0;
  for_each_child(function, [&](CXCursor parameter) {
    if (clang_getCursorKind(parameter) != CXCursor_ParmDecl || at++ != index) {
      return CXChildVisit_Continue;
    }
    for_each_child(parameter, [&](CXCursor child) {
      if (clang_isExpression(clang_getCursorKind(child))) value = child;
      return CXChildVisit_Continue;
    });
    return CXChildVisit_Break;
  });
  return value;
}

}  // namespace

void Walk::call(Frame& frame) {
  const int count = std::min(clang_Cursor_getNumArguments(frame.cursor), kMostArguments);
  for (int i = 0; i < count; ++i) {
    frame.arguments.push_back(clang_Cursor_getArgument(frame.cursor, static_cast<unsigned int>(i)));
  }
  frame.callee = clang_getCursorReferenced(frame.cursor);
  if (clang_Cursor_isNull(frame.callee)) return;
  frame.function_type = function_type_of(frame.callee);
  if (!is_function_kind(clang_getCursorKind(frame.callee))) return;
  Named* function = names_.find(frame.callee);
  if (function == nullptr || function->is_lambda) return;
  say_call(frame, *function, frame.callee);
  call_default_arguments(frame);
  if (!function->inside) construct_forwarded(frame, *function, frame.callee);
}

void Walk::say_call(const Frame& frame, Named& function, CXCursor callee) {
  note_instance(callee, function);
  if (is_noise(function, callee) || stands_at_class(callee)) return;
  const bool by_operator = clang_CXXMethod_isVirtual(callee) != 0 &&
                           is_operator(text_of(clang_getCursorSpelling(callee)));
  const bool dynamic = clang_Cursor_isDynamicCall(frame.cursor) != 0 || by_operator;
  say(frame.cursor, &function, Relation::calls, frame.scope,
      dynamic ? Certainty::dynamic : Certainty::direct);
}

// In a template, where a name may mean several functions: the instances decide. Without several
// there is nothing to decide.
void Walk::call_overloaded(const Frame& frame, CXCursor candidates) {
  if (clang_getNumOverloadedDecls(candidates) != 1) return;
  const CXCursor only = clang_getOverloadedDecl(candidates, 0);
  if (!is_function_kind(clang_getCursorKind(only))) return;
  Named* function = names_.find(only);
  if (function == nullptr || !function->inside || function->is_lambda) return;
  say(frame.cursor, function, Relation::calls, frame.scope, Certainty::heuristic);
}

// Arguments that are not written have no place.
void Walk::call_default_arguments(const Frame& frame) {
  int index = 0;
  for (const CXCursor argument : frame.arguments) {
    const CXSourceLocation where = clang_getCursorLocation(argument);
    const bool silent = clang_equalLocations(where, clang_getNullLocation()) != 0;
    if (silent) visit_default_argument(frame, frame.callee, index);
    ++index;
  }
}

void Walk::visit_default_argument(const Frame& frame, CXCursor function, int index) {
  const Named* named = names_.find(function);
  if (named == nullptr || !named->inside) return;
  CXCursor value = default_of(named->pattern, index);
  if (clang_Cursor_isNull(value)) {
    value = default_of(clang_getCanonicalCursor(named->pattern), index);
  }
  if (clang_Cursor_isNull(value) || stack_.size() > 500) return;
  const auto before = elsewhere_;
  elsewhere_ = place_of(frame.cursor);
  const Scope scope = frame.scope;
  visit(value, scope);
  elsewhere_ = before;
}

// make_unique<T>(…) and emplace(…) construct a T from their arguments, out of sight.
void Walk::construct_forwarded(const Frame& frame, Named& function, CXCursor callee) {
  const std::string name = text_of(clang_getCursorSpelling(function.pattern));
  const bool makes = name == "make_unique" || name == "make_shared" || name == "make_optional" ||
                     name == "construct_at";
  const bool emplaces = name == "emplace" || name == "emplace_back" || name == "emplace_front";
  if (!makes && !emplaces) return;
  CXType made{};
  if (makes) {
    made = clang_Cursor_getTemplateArgumentType(callee, 0);
  } else {
    const CXCursor owner = clang_getCursorSemanticParent(callee);
    made = clang_Type_getTemplateArgumentAsType(clang_getCursorType(owner), 0);
  }
  if (made.kind == CXType_Invalid) return;
  const int arguments = static_cast<int>(frame.arguments.size());
  for (Named* constructor : classes_.constructors(made, arguments)) {
    say(frame.cursor, constructor, Relation::calls, frame.scope, Certainty::heuristic);
  }
}

void Walk::destroy(const Frame& frame, CXType type, bool deleted) {
  type = clang_getCanonicalType(type);
  if (type.kind == CXType_ConstantArray) type = clang_getArrayElementType(type);
  Named* destructor = classes_.destructor(type);
  if (destructor == nullptr) return;
  const bool dynamic = deleted && clang_CXXMethod_isVirtual(destructor->pattern) != 0;
  say(frame.cursor, destructor, Relation::calls, frame.scope,
      dynamic ? Certainty::dynamic : Certainty::direct);
}

// `for (x : range)` calls begin() and end() of the range, and ++ and != of what they return.
void Walk::iterate(const Frame& frame, CXCursor loop) {
  CXCursor range = clang_getNullCursor();
  for_each_child(loop, [&](CXCursor child) {  // the first: the body may be an expression, too
    if (!clang_isExpression(clang_getCursorKind(child))) return CXChildVisit_Continue;
    range = child;
    return CXChildVisit_Break;
  });
  if (clang_Cursor_isNull(range)) return;
  const auto call_all = [&](CXType type, std::string_view name) {
    const std::vector<CXCursor> methods = classes_.methods(type, name);
    for (const CXCursor method : methods) {
      Named* named = names_.find(method);
      if (named != nullptr && named->inside) {
        say(frame.cursor, named, Relation::calls, frame.scope, Certainty::heuristic);
      }
    }
    return methods;
  };
  const CXType type = clang_getCursorType(range);
  const std::vector<CXCursor> begins = call_all(type, "begin");
  call_all(type, "end");
  if (begins.empty()) return;
  const CXType iterator = clang_getCursorResultType(begins.front());
  call_all(iterator, "operator++");
  if (call_all(iterator, "operator!=").empty()) call_all(iterator, "operator==");
}

void Walk::note_instance(CXCursor used, const Named& pattern) {
  if (!pattern.inside || clang_equalCursors(used, pattern.pattern) != 0) return;
  const CXCursor body = clang_getCursorDefinition(used);
  if (clang_Cursor_isNull(body) || clang_equalCursors(body, pattern.pattern) != 0) return;
  if (clang_equalCursors(names_.pattern_of(used), used) != 0) return;
  const Place at = files_.place(body);
  if (at.file == nullptr || !at.file->inside) return;
  const std::string key = "instance " + at.file->path + ' ' + text_of(clang_getCursorUSR(used));
  if (claims_.take(key)) instances_.push_back(body);
}

}  // namespace callgraph
