#include "examples/callgraph/indexer/classes.h"

#include <algorithm>
#include <array>

namespace callgraph {

namespace {

constexpr CXChildVisitResult kNext = CXChildVisit_Continue;

// Templates of the library whose value is a part of the object that has it.
constexpr std::array<std::string_view, 6> kParts = {"optional", "pair",  "tuple",
                                                    "variant",  "array", "atomic"};
// Templates that own nothing.
constexpr std::array<std::string_view, 5> kViews = {"weak_ptr", "span", "reference_wrapper",
                                                    "basic_string_view", "observer_ptr"};

bool is_array(CXTypeKind kind) {
  return kind == CXType_ConstantArray || kind == CXType_IncompleteArray ||
         kind == CXType_VariableArray || kind == CXType_DependentSizedArray;
}

bool is_pointer(CXTypeKind kind) {
  return kind == CXType_Pointer || kind == CXType_LValueReference || kind == CXType_RValueReference;
}

// What a template does with its arguments, by its name: a rule that may err.
Relation holding(const std::string& name, Relation as_member) {
  if (std::ranges::find(kParts, name) != kParts.end()) return as_member;
  if (std::ranges::find(kViews, name) != kViews.end()) return Relation::associates;
  return as_member == Relation::composes ? Relation::aggregates : as_member;
}

bool is_pure_or_special(CXCursor method) {
  const bool is_operator = text_of(clang_getCursorSpelling(method)) == "operator=";
  return clang_CXXMethod_isPureVirtual(method) != 0 || clang_CXXMethod_isStatic(method) != 0 ||
         is_operator;
}

}  // namespace

const std::vector<ClassLink>& Classes::links(const Named& owner) {
  const auto [entry, is_new] = links_.try_emplace(&owner);
  if (is_new) {
    std::vector<ClassLink> found;
    const CXCursor definition = clang_getCursorDefinition(owner.pattern);
    if (!clang_Cursor_isNull(definition)) add_links(definition, found);
    std::erase_if(found, [&](const ClassLink& link) { return link.to->usr == owner.usr; });
    links_[&owner] = std::move(found);
  }
  return links_[&owner];
}

void Classes::add_links(CXCursor definition, std::vector<ClassLink>& links) {
  for_each_child(definition, [&](CXCursor child) {
    const CXCursorKind kind = clang_getCursorKind(child);
    if (kind == CXCursor_CXXBaseSpecifier) relate_base(child, links);
    if (kind == CXCursor_FieldDecl) {
      relate(clang_getCursorType(child), {nullptr, Relation::composes, Certainty::direct, child},
             links);
    }
    return kNext;
  });
}

void Classes::relate(CXType type, ClassLink link, std::vector<ClassLink>& links) {
  type = clang_getCanonicalType(type);
  if (is_pointer(type.kind)) {
    if (link.relation == Relation::composes) link.relation = Relation::associates;
    return relate(clang_getPointeeType(type), link, links);
  }
  if (is_array(type.kind)) return relate(clang_getArrayElementType(type), link, links);
  const CXCursor declared = clang_getTypeDeclaration(type);
  if (!is_class_kind(clang_getCursorKind(declared))) return;
  Named* named = names_.find(declared);
  if (named == nullptr) return;
  if (named->inside && !named->usr.empty()) {
    link.to = named;
    const bool known = std::ranges::any_of(links, [&](const ClassLink& other) {
      return other.to == link.to && other.relation == link.relation;
    });
    if (!known) links.push_back(link);
  }
  relate_arguments(type, named, link, links);
}

void Classes::relate_arguments(CXType type, const Named* holder, ClassLink link,
                               std::vector<ClassLink>& links) {
  const int count = clang_Type_getNumTemplateArguments(type);
  if (count <= 0) return;
  link.relation = holding(text_of(clang_getCursorSpelling(holder->pattern)), link.relation);
  link.certainty = Certainty::heuristic;
  for (int i = 0; i < count; ++i) {
    const CXType argument =
        clang_Type_getTemplateArgumentAsType(type, static_cast<unsigned int>(i));
    if (argument.kind != CXType_Invalid) relate(argument, link, links);
  }
}

void Classes::relate_base(CXCursor base, std::vector<ClassLink>& links) {
  const CXCursor declared = clang_getTypeDeclaration(clang_getCursorType(base));
  if (!is_class_kind(clang_getCursorKind(declared))) return;
  Named* named = names_.find(declared);
  if (named == nullptr) return;
  const CXCursor definition = clang_getCursorDefinition(named->pattern);
  const bool realizes = !clang_Cursor_isNull(definition) && is_interface(definition);
  links.push_back(
      {named, realizes ? Relation::realizes : Relation::inherits, Certainty::direct, base});
}

// All its methods are pure, there is at least one, and it has no data.
bool Classes::is_interface(CXCursor definition) {
  bool pure = false;
  bool other = false;
  for_each_child(definition, [&](CXCursor child) {
    const CXCursorKind kind = clang_getCursorKind(child);
    if (kind == CXCursor_FieldDecl) other = true;
    if (kind == CXCursor_CXXMethod) {
      pure = pure || clang_CXXMethod_isPureVirtual(child) != 0;
      other = other || !is_pure_or_special(child);
    }
    if (kind == CXCursor_CXXBaseSpecifier) {
      const CXCursor base = definition_of(clang_getCursorType(child));
      other = other || clang_Cursor_isNull(base) || !is_interface(base);
    }
    return kNext;
  });
  return pure && !other;
}

CXCursor Classes::definition_of(CXType type) {
  const CXCursor declared = clang_getTypeDeclaration(clang_getCanonicalType(type));
  if (!is_class_kind(clang_getCursorKind(declared))) return clang_getNullCursor();
  return clang_getCursorDefinition(names_.pattern_of(declared));
}

Named* Classes::destructor(CXType type) {
  const CXCursor definition = definition_of(type);
  if (clang_Cursor_isNull(definition)) return nullptr;
  const auto [entry, is_new] = destructors_.try_emplace(definition, nullptr);
  if (is_new) entry->second = child(type, CXCursor_Destructor, false);
  return entry->second;
}

Named* Classes::default_constructor(CXType type) {
  return child(type, CXCursor_Constructor, true);
}

Named* Classes::child(CXType type, CXCursorKind kind, bool only_default) {
  const CXCursor definition = definition_of(type);
  if (clang_Cursor_isNull(definition)) return nullptr;
  CXCursor found = clang_getNullCursor();
  for_each_child(definition, [&](CXCursor child) {
    if (clang_getCursorKind(child) != kind) return kNext;
    if (only_default && clang_CXXConstructor_isDefaultConstructor(child) == 0) return kNext;
    found = child;
    return CXChildVisit_Break;
  });
  Named* named = clang_Cursor_isNull(found) ? nullptr : names_.find(found);
  return named != nullptr && named->inside ? named : nullptr;
}

std::vector<Named*> Classes::constructors(CXType type, int arguments) {
  std::vector<Named*> found;
  const CXCursor definition = definition_of(type);
  if (clang_Cursor_isNull(definition)) return found;
  for_each_child(definition, [&](CXCursor child) {
    const bool fits = clang_getCursorKind(child) == CXCursor_Constructor &&
                      clang_Cursor_getNumArguments(child) == arguments &&
                      clang_CXXConstructor_isCopyConstructor(child) == 0 &&
                      clang_CXXConstructor_isMoveConstructor(child) == 0;
    Named* named = fits ? names_.find(child) : nullptr;
    if (named != nullptr && named->inside) found.push_back(named);
    return kNext;
  });
  return found;
}

std::vector<CXCursor> Classes::methods(CXType type, std::string_view name) {
  return methods_in(definition_of(type), name);
}

std::vector<CXCursor> Classes::methods_in(CXCursor definition, std::string_view name) {
  std::vector<CXCursor> found;
  if (clang_Cursor_isNull(definition)) return found;
  auto take = [&](CXCursor function) {
    const bool fits = is_function_kind(clang_getCursorKind(function)) &&
                      text_of(clang_getCursorSpelling(function)) == name;
    if (fits) found.push_back(function);
    return kNext;
  };
  for_each_child(definition, [&](CXCursor child) {
    if (clang_getCursorKind(child) == CXCursor_FriendDecl) for_each_child(child, take);
    return take(child);
  });
  return found;
}

namespace {

// The class that a base specifier names; of a type that depends on parameters, its template.
CXCursor class_of_base(CXCursor base) {
  const CXCursor declared = clang_getTypeDeclaration(clang_getCursorType(base));
  if (is_class_kind(clang_getCursorKind(declared))) return declared;
  CXCursor named = clang_getNullCursor();
  for_each_child(base, [&](CXCursor child) {
    if (clang_getCursorKind(child) != CXCursor_TemplateRef) return kNext;
    named = clang_getCursorReferenced(child);
    return CXChildVisit_Break;
  });
  return named;
}

}  // namespace

// A template may be a base of itself, with other arguments: each is looked at once.
std::vector<CXCursor> Classes::methods_of_bases(const Named& owner, std::string_view name) {
  std::vector<CXCursor> found;
  std::vector<const Named*> seen = {&owner};
  for (std::size_t next = 0; next < seen.size(); ++next) {
    const CXCursor definition = clang_getCursorDefinition(seen[next]->pattern);
    const std::vector<CXCursor> methods =
        next == 0 ? std::vector<CXCursor>() : methods_in(definition, name);
    found.insert(found.end(), methods.begin(), methods.end());
    if (!methods.empty() || clang_Cursor_isNull(definition)) continue;
    for_each_child(definition, [&](CXCursor child) {
      if (clang_getCursorKind(child) != CXCursor_CXXBaseSpecifier) return kNext;
      const Named* base = names_.find(class_of_base(child));
      if (base != nullptr && std::ranges::find(seen, base) == seen.end()) seen.push_back(base);
      return kNext;
    });
  }
  return found;
}

const std::vector<CXCursor>& Classes::fields(CXType type) {
  const CXType canonical = clang_getCanonicalType(type);
  const auto [entry, is_new] = fields_.try_emplace(clang_getTypeDeclaration(canonical));
  if (is_new && canonical.kind == CXType_Record) {
    clang_Type_visitFields(
        canonical,
        [](CXCursor field, CXClientData data) {
          static_cast<std::vector<CXCursor>*>(data)->push_back(field);
          return CXVisit_Continue;
        },
        &entry->second);
  }
  return entry->second;
}

}  // namespace callgraph
