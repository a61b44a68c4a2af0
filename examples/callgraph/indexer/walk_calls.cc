// Calls, written and silent.
#include <algorithm>
#include <array>

#include "examples/callgraph/indexer/walk.h"

namespace callgraph {

namespace {

// More parameters than any function that is written by hand.
constexpr int kMostArguments = 256;

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

bool is_reference(CXType type) {
  const CXTypeKind kind = clang_getCanonicalType(type).kind;
  return kind == CXType_LValueReference || kind == CXType_RValueReference;
}

// Nodes whose value is that of their child.
bool passes_value_on(CXCursorKind kind) {
  return kind == CXCursor_UnexposedExpr || kind == CXCursor_ParenExpr ||
         kind == CXCursor_ConditionalOperator || kind == CXCursor_CXXFunctionalCastExpr ||
         kind == CXCursor_CXXStaticCastExpr || kind == CXCursor_CStyleCastExpr;
}

// Nodes that initialise an object with the value, so that it is destroyed with that object.
bool keeps_value(const Frame& frame) {
  switch (frame.kind) {
    case CXCursor_VarDecl:
      return !is_reference(clang_getCursorType(frame.cursor));
    case CXCursor_FieldDecl:
    case CXCursor_Constructor:
    case CXCursor_ReturnStmt:
    case CXCursor_InitListExpr:
    case CXCursor_CXXNewExpr:
    case CXCursor_CXXThrowExpr:
    case CXCursor_LambdaExpr:
      return true;
    default:
      return false;
  }
}

CXCursor only_child(CXCursor cursor) {
  CXCursor only = clang_getNullCursor();
  int count = 0;
  for_each_child(cursor, [&](CXCursor child) {
    only = child;
    return ++count == 1 ? CXChildVisit_Continue : CXChildVisit_Break;
  });
  return count == 1 ? only : clang_getNullCursor();
}

// Whether the object of a method's call is a variable or member itself, so that its class is known
// and nothing is dispatched.
bool has_known_object(CXCursor call) {
  CXCursor at = clang_getNullCursor();
  for_each_child(call, [&](CXCursor child) {
    at = child;
    return CXChildVisit_Break;
  });
  if (clang_getCursorKind(at) == CXCursor_MemberRefExpr) at = only_child(at);
  while (clang_getCursorKind(at) == CXCursor_UnexposedExpr ||
         clang_getCursorKind(at) == CXCursor_ParenExpr) {
    at = only_child(at);
  }
  const CXCursor object = clang_getCursorReferenced(at);
  return is_variable_kind(clang_getCursorKind(object)) &&
         clang_getCanonicalType(clang_getCursorType(object)).kind == CXType_Record;
}

// The last identifier of an expression, as it is written: libclang does not say what a name is that
// depends on a template's parameters.
std::string last_word_of(CXCursor cursor) {
  CXFile file = nullptr;
  unsigned int end = 0;
  const CXSourceRange range = clang_getCursorExtent(cursor);
  clang_getSpellingLocation(clang_getRangeEnd(range), &file, nullptr, nullptr, &end);
  const std::string_view text = text_of(clang_Cursor_getTranslationUnit(cursor), file);
  if (end > text.size()) return {};
  const auto is_of_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  unsigned int begin = end;
  while (begin > 0 && is_of_word(text[begin - 1])) --begin;
  return std::string(text.substr(begin, end - begin));
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
  destroy_temporary(frame);
  if (!is_function_kind(clang_getCursorKind(frame.callee))) return;
  Named* function = names_.find(frame.callee);
  if (function == nullptr) return;
  if (function->is_lambda) return note_instance(frame.callee, *function);
  say_call(frame, *function, frame.callee);
  call_default_arguments(frame);
  if (!function->inside) construct_forwarded(frame, *function, frame.callee);
}

void Walk::say_call(const Frame& frame, Named& function, CXCursor callee) {
  note_instance(callee, function);
  if (!function.is_written) return call_inherited(frame, callee);
  if (is_noise(function, callee)) return;
  const bool by_operator = clang_CXXMethod_isVirtual(callee) != 0 &&
                           is_operator(text_of(clang_getCursorSpelling(callee)));
  const bool dynamic = (clang_Cursor_isDynamicCall(frame.cursor) != 0 || by_operator) &&
                       !has_known_object(frame.cursor);
  say(frame.cursor, &function, Relation::calls, frame.scope,
      dynamic ? Certainty::dynamic : Certainty::direct);
}

// `(c ? f : g)()`, or a cast before the call: the call alone does not say what it calls.
void Walk::call_chosen(const Frame& frame, Named& function, CXCursor target) {
  const auto call = std::find_if(stack_.rbegin(), stack_.rend(), [](const Frame& around) {
    return around.kind == CXCursor_CallExpr;
  });
  if (call == stack_.rend() || clang_Cursor_isNull(call->callee) == 0) return;
  note_instance(target, function);
  say(frame.cursor, &function, Relation::calls, frame.scope, Certainty::pointer);
}

// `using Base::Base` gives a class constructors that are the base's.
void Walk::call_inherited(const Frame& frame, CXCursor callee) {
  if (clang_getCursorKind(callee) != CXCursor_Constructor) return;
  const Named* owner = names_.find(clang_getCursorSemanticParent(callee));
  if (owner == nullptr) return;
  const std::string shown = text_of(clang_getCursorDisplayName(callee));
  const std::string name = text_of(clang_getCursorSpelling(callee));
  for (const CXCursor constructor : classes_.methods_of_bases(*owner, name)) {
    Named* function = names_.find(constructor);
    if (function == nullptr || !function->inside) continue;
    if (text_of(clang_getCursorDisplayName(constructor)) != shown) continue;
    return say(frame.cursor, function, Relation::calls, frame.scope);
  }
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

// In a template, `this->f()` names what a base has that depends on the parameters. Until there is
// an instance, it is what the base's template has, if that is one function.
void Walk::call_of_base(const Frame& frame) {
  const bool called = frame.kind == CXCursor_MemberRefExpr && frame.use == Use::call;
  if (!called || frame.scope.owner == nullptr) return;
  if (clang_getCursorKind(only_child(frame.cursor)) != CXCursor_CXXThisExpr) return;
  const std::string name = last_word_of(frame.cursor);
  const std::vector<CXCursor> methods = classes_.methods_of_bases(*frame.scope.owner, name);
  if (methods.size() != 1) return;
  Named* function = names_.find(methods.front());
  if (function == nullptr || !function->inside) return;
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

// What a call returns by value, or a constructor makes, is destroyed where it is called, unless it
// is the object that something else initialises: a variable, a member, the caller's.
void Walk::destroy_temporary(const Frame& call) {
  const bool made = clang_getCursorKind(call.callee) == CXCursor_Constructor;
  const CXType type = clang_getCanonicalType(made ? clang_getCursorType(call.cursor)
                                                  : clang_getResultType(call.function_type));
  if (type.kind != CXType_Record) return;
  const auto holder = std::find_if(stack_.rbegin(), stack_.rend(),
                                   [](const Frame& frame) { return !passes_value_on(frame.kind); });
  if (holder != stack_.rend() && keeps_value(*holder)) return;
  destroy(call, type, false);
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
  if (claims_.take(key)) instances_.push_back({body, scope_around(used, pattern)});
}

Scope Walk::scope_around(CXCursor instance, const Named& pattern) {
  Scope scope;
  if (!pattern.is_lambda) return scope;
  CXCursor around = clang_getCursorSemanticParent(clang_getCursorSemanticParent(instance));
  while (is_function_kind(clang_getCursorKind(around))) {
    const Named* function = names_.find(around);
    if (function == nullptr) break;
    if (!function->is_lambda) {
      scope.from = &function->usr;
      scope.in_function = true;
      break;
    }
    around = clang_getCursorSemanticParent(clang_getCursorSemanticParent(around));
  }
  return scope;
}

}  // namespace callgraph
