#include "examples/callgraph/indexer/uses.h"

#include <string_view>

namespace callgraph {

namespace {

ChildUse same(const Frame& parent) {
  return {parent.use, parent.indexed, true};
}

// A value that a cast changed is no copy.
ChildUse through_cast(const Frame& parent) {
  ChildUse use = same(parent);
  if (use.use == Use::copy) use.use = Use::read;
  return use;
}

ChildUse of_binary(const Frame& parent, unsigned int index) {
  if (parent.operation == CXBinaryOperator_Assign) {
    return index == 0 ? ChildUse{Use::write} : ChildUse{Use::copy, false, true};
  }
  if (parent.operation == CXBinaryOperator_Comma && index == 1) return same(parent);
  return {Use::read};
}

ChildUse of_unary(const Frame& parent) {
  switch (parent.operation) {
    case CXUnaryOperator_PostInc:
    case CXUnaryOperator_PostDec:
    case CXUnaryOperator_PreInc:
    case CXUnaryOperator_PreDec:
      return {Use::read_write};
    case CXUnaryOperator_AddrOf:
      return {parent.use == Use::call ? Use::call : Use::reference, false, true};
    case CXUnaryOperator_Deref:
      return {parent.use == Use::call ? Use::call : Use::read, false, true};
    default:
      return {Use::read};
  }
}

Use of_initialised(CXType type) {
  const CXType canonical = clang_getCanonicalType(type);
  if (canonical.kind != CXType_LValueReference && canonical.kind != CXType_RValueReference) {
    return Use::copy;
  }
  return is_changing_reference(canonical) ? Use::reference : Use::read;
}

// What an operator of a class does to the object before it, by its name.
Use of_operator_object(const Frame& parent, std::string_view name) {
  if (name == "operator=") return Use::write;
  if (name == "operator++" || name == "operator--") return Use::read_write;
  if (name == "operator[]" || name == "operator*" || name == "operator->") {
    const bool changes =
        parent.use == Use::write || parent.use == Use::read_write || parent.use == Use::reference;
    return changes ? parent.use : Use::read;
  }
  const bool compares =
      name == "operator==" || name == "operator!=" || name == "operator<=" || name == "operator>=";
  if (name.ends_with('=') && !compares) return Use::read_write;
  return clang_CXXMethod_isConst(parent.callee) != 0 ? Use::read : Use::reference;
}

bool is_copying_constructor(CXCursor callee) {
  return clang_CXXConstructor_isCopyConstructor(callee) != 0 ||
         clang_CXXConstructor_isMoveConstructor(callee) != 0;
}

// A std::function is a pointer to what it is made of.
bool is_made_of_function(CXCursor constructor) {
  const std::string name =
      text_of(clang_getCursorSpelling(clang_getCursorSemanticParent(constructor)));
  return name == "function" || name == "move_only_function";
}

ChildUse of_argument(const Frame& parent, int argument) {
  const CXCursorKind callee = clang_getCursorKind(parent.callee);
  if (callee == CXCursor_Constructor && is_copying_constructor(parent.callee)) {
    return {parent.use == Use::copy ? Use::copy : Use::read, false, true};
  }
  int shift = 0;
  if (callee == CXCursor_CXXMethod) {
    const std::string name = text_of(clang_getCursorSpelling(parent.callee));
    const int parameters = clang_getNumArgTypes(parent.function_type);
    const bool has_object =
        static_cast<int>(parent.arguments.size()) == parameters + 1 && name.starts_with("operator");
    if (has_object && argument == 0) {
      if (name == "operator()") return {Use::call};
      return {of_operator_object(parent, name)};
    }
    if (has_object) shift = 1;
    if (name == "operator=") return {Use::copy, false, true};
  }
  const CXType type =
      clang_getArgType(parent.function_type, static_cast<unsigned int>(argument - shift));
  if (type.kind == CXType_Invalid) return {Use::copy};
  const bool holds = callee == CXCursor_Constructor && is_made_of_function(parent.callee);
  return {of_initialised(type), false, holds};
}

ChildUse of_call(const Frame& parent, CXCursor child) {
  for (std::size_t i = 0; i < parent.arguments.size(); ++i) {
    if (clang_equalCursors(parent.arguments[i], child) != 0) {
      return of_argument(parent, static_cast<int>(i));
    }
  }
  return {Use::call};
}

bool is_pointer(CXCursor expression) {
  return clang_getCanonicalType(clang_getCursorType(expression)).kind == CXType_Pointer;
}

ChildUse of_subscript(const Frame& parent, unsigned int index) {
  if (index > 0) return {Use::read};
  return {parent.use == Use::copy ? Use::read : parent.use, true};
}

void trim_end(std::string_view& text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
}

// Of expressions in a declaration's type, those of decltype are not evaluated; template arguments
// are.
bool is_in_decltype(CXCursor expression) {
  CXFile file = nullptr;
  unsigned int begin = 0;
  const CXSourceRange range = clang_getCursorExtent(expression);
  clang_getFileLocation(clang_getRangeStart(range), &file, nullptr, nullptr, &begin);
  std::string_view before = text_of(clang_Cursor_getTranslationUnit(expression), file);
  before = before.substr(0, begin);
  trim_end(before);
  if (!before.ends_with('(')) return false;
  before.remove_suffix(1);
  trim_end(before);
  return before.ends_with("decltype");
}

}  // namespace

bool is_changing_reference(CXType type) {
  const CXType canonical = clang_getCanonicalType(type);
  return canonical.kind == CXType_LValueReference &&
         clang_isConstQualifiedType(clang_getPointeeType(canonical)) == 0;
}

bool is_array_type(CXType type) {
  const CXTypeKind kind = clang_getCanonicalType(type).kind;
  return kind == CXType_ConstantArray || kind == CXType_IncompleteArray ||
         kind == CXType_VariableArray || kind == CXType_DependentSizedArray;
}

ChildUse use_of_child(const Frame& parent, CXCursor child, unsigned int index) {
  switch (parent.kind) {
    case CXCursor_UnexposedExpr:
    case CXCursor_ParenExpr:
      return same(parent);
    case CXCursor_CStyleCastExpr:
    case CXCursor_CXXStaticCastExpr:
    case CXCursor_CXXReinterpretCastExpr:
    case CXCursor_CXXConstCastExpr:
    case CXCursor_CXXFunctionalCastExpr:
    case CXCursor_CXXDynamicCastExpr:
      return through_cast(parent);
    case CXCursor_BinaryOperator:
      return of_binary(parent, index);
    case CXCursor_CompoundAssignOperator:
      return {index == 0 ? Use::read_write : Use::read};
    case CXCursor_UnaryOperator:
      return of_unary(parent);
    case CXCursor_ConditionalOperator:
      return index == 0 ? ChildUse{Use::read} : same(parent);
    case CXCursor_MemberRefExpr:
      return {is_pointer(child) ? Use::read : parent.object_use,
              parent.indexed && !is_pointer(child)};
    case CXCursor_ArraySubscriptExpr:
      return of_subscript(parent, index);
    case CXCursor_CallExpr:
      return of_call(parent, child);
    case CXCursor_VarDecl:
    case CXCursor_FieldDecl:
    case CXCursor_ParmDecl:
      if (is_in_decltype(child)) return {Use::none};
      return {of_initialised(clang_getCursorType(parent.cursor)), false, true};
    case CXCursor_InitListExpr:
    case CXCursor_Constructor:
      return {Use::copy, false, true};
    case CXCursor_ReturnStmt:
      return {parent.scope.returns_reference ? Use::reference : Use::read};
    case CXCursor_TypedefDecl:
    case CXCursor_TypeAliasDecl:
    case CXCursor_FunctionDecl:
    case CXCursor_CXXMethod:
      return {is_in_decltype(child) ? Use::none : Use::read};
    case CXCursor_UnaryExpr:  // sizeof, alignof, noexcept
    case CXCursor_CXXTypeidExpr:
      return {Use::none};
    default:
      return {Use::read};
  }
}

}  // namespace callgraph
