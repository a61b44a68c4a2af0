#include "examples/callgraph/indexer/names.h"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace callgraph {

namespace {

bool same_place(CXCursor a, CXCursor b) {
  return clang_equalLocations(clang_getCursorLocation(a), clang_getCursorLocation(b)) != 0;
}

// Takes `word` and the spaces after it from the beginning of `text`.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return true;
}

// `template struct Box<int>;` asks for an instance, `template <> struct Box<int> {}` writes one
// out.
bool is_asked_for(CXCursor instance) {
  if (!is_class_kind(clang_getCursorKind(instance))) return false;
  std::string_view text = text_from(instance, clang_getRangeStart(clang_getCursorExtent(instance)));
  return take(text, "extern") || (take(text, "template") && !text.starts_with('<'));
}

// An instance that the compiler made stands where its template does, in one of its declarations.
bool stands_at(CXCursor instance, CXCursor pattern) {
  return same_place(instance, pattern) || same_place(instance, clang_getCanonicalCursor(pattern)) ||
         same_place(instance, clang_getCursorDefinition(pattern));
}

// It tells a class template's arguments, and is no function.
bool is_deduction_guide(CXCursor cursor) {
  return is_function_kind(clang_getCursorKind(cursor)) &&
         text_of(clang_getCursorSpelling(cursor)).starts_with("<deduction guide");
}

bool is_lambda_class(CXCursor cursor) {
  return clang_getCursorKind(cursor) == CXCursor_ClassDecl &&
         clang_getCursorLexicalParent(cursor).kind != CXCursor_ClassTemplate &&
         text_of(clang_getCursorSpelling(cursor)).find("lambda at ") != std::string::npos;
}

bool belongs_to_function(CXCursor cursor) {
  CXCursor parent = clang_getCursorSemanticParent(cursor);
  return is_function_kind(clang_getCursorKind(parent)) ||
         clang_getCursorKind(cursor) == CXCursor_ParmDecl;
}

bool is_scope(CXCursorKind kind) {
  return kind == CXCursor_Namespace || is_class_kind(kind) || kind == CXCursor_EnumDecl ||
         is_function_kind(kind);
}

std::string own_name(CXCursor cursor) {
  std::string name = text_of(clang_getCursorSpelling(cursor));
  // Constructors of templates are spelt with their parameters: Box<T>.
  const CXCursorKind kind = clang_getCursorKind(cursor);
  if (kind == CXCursor_Constructor || kind == CXCursor_Destructor) {
    name = name.substr(0, name.find('<'));
  }
  if (kind == CXCursor_Namespace && name.empty()) return "(anonymous namespace)";
  // Without a name, Clang spells where it stands, on this machine.
  const std::size_t at = name.find(" at ");
  if (name.empty() || (name.starts_with('(') && at != std::string::npos)) {
    return is_lambda_class(cursor) ? "(lambda)" : "(anonymous)";
  }
  return name;
}

}  // namespace

bool is_function_kind(CXCursorKind kind) {
  return kind == CXCursor_FunctionDecl || kind == CXCursor_CXXMethod ||
         kind == CXCursor_Constructor || kind == CXCursor_Destructor ||
         kind == CXCursor_ConversionFunction || kind == CXCursor_FunctionTemplate;
}

bool is_class_kind(CXCursorKind kind) {
  return kind == CXCursor_ClassDecl || kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl ||
         kind == CXCursor_ClassTemplate || kind == CXCursor_ClassTemplatePartialSpecialization;
}

bool is_variable_kind(CXCursorKind kind) {
  return kind == CXCursor_VarDecl || kind == CXCursor_FieldDecl || kind == CXCursor_ParmDecl ||
         kind == CXCursor_EnumConstantDecl;
}

namespace {

SymbolKind function_kind(CXCursor cursor) {
  CXCursorKind kind = clang_getCursorKind(cursor);
  if (kind == CXCursor_FunctionTemplate) kind = clang_getTemplateCursorKind(cursor);
  return kind == CXCursor_FunctionDecl ? SymbolKind::function : SymbolKind::method;
}

SymbolKind variable_kind(CXCursor cursor) {
  const CXCursor parent = clang_getCursorSemanticParent(cursor);
  if (is_class_kind(clang_getCursorKind(parent))) return SymbolKind::member;
  return belongs_to_function(cursor) ? SymbolKind::local : SymbolKind::variable;
}

}  // namespace

std::optional<SymbolKind> symbol_kind(CXCursor cursor) {
  const CXCursorKind kind = clang_getCursorKind(cursor);
  if (is_function_kind(kind)) return function_kind(cursor);
  if (is_class_kind(kind)) return SymbolKind::class_type;
  switch (kind) {
    case CXCursor_VarDecl:
      return variable_kind(cursor);
    case CXCursor_FieldDecl:
      return SymbolKind::member;
    case CXCursor_ParmDecl:
      return SymbolKind::local;
    case CXCursor_EnumDecl:
      return SymbolKind::enumeration;
    case CXCursor_EnumConstantDecl:
      return SymbolKind::enumerator;
    case CXCursor_TypedefDecl:
    case CXCursor_TypeAliasDecl:
    case CXCursor_TypeAliasTemplateDecl:
      return SymbolKind::type_alias;
    case CXCursor_Namespace:
      return SymbolKind::name_space;
    default:
      return std::nullopt;
  }
}

std::string qualified_name(CXCursor cursor) {
  std::string name = own_name(cursor);
  for (CXCursor at = clang_getCursorSemanticParent(cursor); !clang_Cursor_isNull(at);
       at = clang_getCursorSemanticParent(at)) {
    const CXCursorKind kind = clang_getCursorKind(at);
    if (clang_isTranslationUnit(kind) || clang_isInvalid(kind)) break;
    // Enumerators of an unscoped enumeration belong to what is around it.
    if (kind == CXCursor_EnumDecl && clang_EnumDecl_isScoped(at) == 0) continue;
    if (is_scope(kind)) name.insert(0, own_name(at) + "::");
  }
  return name;
}

std::string signature_of(CXCursor cursor, const std::string& qualified) {
  if (!is_function_kind(clang_getCursorKind(cursor))) return qualified;
  const std::string shown = text_of(clang_getCursorDisplayName(cursor));
  const std::size_t parameters = shown.find('(', shown.find("operator()") == 0 ? 10 : 0);
  if (parameters == std::string::npos) return qualified;
  const bool is_const = clang_CXXMethod_isConst(cursor) != 0;
  return qualified + shown.substr(parameters) + (is_const ? " const" : "");
}

Named* Names::find(CXCursor declaration) {
  const auto known = known_.find(declaration);
  if (known != known_.end()) return known->second.get();
  return known_.emplace(declaration, make(declaration)).first->second.get();
}

std::string Names::macro_usr(const UnitFile& file, std::string_view name) const {
  return "c:" + (file.inside ? file.path : std::string()) + "@macro@" + std::string(name);
}

CXCursor Names::pattern_of(CXCursor declaration) {
  for (;;) {
    CXCursor pattern = clang_getSpecializedCursorTemplate(declaration);
    if (clang_Cursor_isNull(pattern)) {
      pattern = member_of_pattern(declaration);
    } else if (!stands_at(declaration, pattern) && !is_asked_for(declaration)) {
      return declaration;
    }
    if (clang_Cursor_isNull(pattern)) return declaration;
    declaration = pattern;
  }
}

std::unique_ptr<Named> Names::make(CXCursor declaration) {
  const CXCursor pattern = pattern_of(declaration);
  const auto kind = symbol_kind(pattern);
  if (!kind || is_deduction_guide(pattern)) return nullptr;
  auto named = std::make_unique<Named>();
  named->pattern = pattern;
  named->kind = *kind;
  named->is_local = *kind == SymbolKind::local;
  named->usr = usr_of(pattern);
  if (named->usr.empty()) return nullptr;
  const Place place = files_.place(pattern);
  named->inside = place.file != nullptr && place.file->inside;
  named->is_written = !is_function_kind(clang_getCursorKind(pattern)) || is_written(pattern);
  named->is_lambda = !named->is_local && is_lambda_class(clang_getCursorSemanticParent(pattern));
  return named;
}

// Clang begins the id of what other units cannot see with the base name of its file, and many files
// are called main.cc: the whole path takes its place.
// What is declared here may be defined in a file that is included later: where it was declared
// first names it.
std::string Names::usr_of(CXCursor pattern) {
  std::string usr = text_of(clang_getCursorUSR(pattern));
  if (!usr.starts_with("c:") || usr.size() < 3 || usr[2] == '@') return usr;
  const Place place = files_.place(clang_getCanonicalCursor(pattern));
  const std::size_t end = usr.find('@');
  if (place.file == nullptr || end == std::string::npos) return usr;
  return "c:" + place.file->path + usr.substr(end);
}

// Of a member, an enumeration or an enumerator of an instance, that of the template: what stands in
// the same place. Null if there is none.
CXCursor Names::member_of_pattern(CXCursor member) {
  const CXCursorKind kind = clang_getCursorKind(member);
  CXCursor found = clang_getNullCursor();
  if (kind != CXCursor_FieldDecl && kind != CXCursor_EnumDecl &&
      kind != CXCursor_EnumConstantDecl) {
    return found;
  }
  const CXCursor owner = clang_getCursorSemanticParent(member);
  const CXCursor pattern = pattern_of(owner);
  if (clang_equalCursors(owner, pattern) != 0) return found;
  for_each_child(clang_getCursorDefinition(pattern), [&](CXCursor child) {
    if (clang_getCursorKind(child) != kind || !same_place(child, member)) {
      return CXChildVisit_Continue;
    }
    found = child;
    return CXChildVisit_Break;
  });
  return found;
}

// What the compiler writes stands where the class does, a constructor that is inherited where its
// base is named, and the == that belongs to a <=> where that stands.
bool Names::is_written(CXCursor function) {
  const CXCursor owner = clang_getCursorSemanticParent(function);
  const std::string name = text_of(clang_getCursorSpelling(function));
  if (is_class_kind(clang_getCursorKind(owner))) {
    if (same_place(function, owner) || same_place(function, pattern_of(owner))) return false;
    const bool constructs = clang_getCursorKind(function) == CXCursor_Constructor;
    if (constructs && own_name(function) != own_name(owner)) return false;
  }
  if (name != "operator==") return true;
  std::string_view text = text_from(function, clang_getCursorLocation(function));
  return !take(text, "operator") || !text.starts_with("<=>");
}

}  // namespace callgraph
