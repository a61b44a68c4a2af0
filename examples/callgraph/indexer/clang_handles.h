// libclang's C objects, each with its owner, and its strings as ours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <clang-c/Index.h>

namespace callgraph {

// The text of `string`, which it disposes of.
[[nodiscard]] inline std::string text_of(CXString string) {
  const char* text = clang_getCString(string);
  std::string copy = text == nullptr ? "" : text;
  clang_disposeString(string);
  return copy;
}

// The text of a file that `unit` has read; empty if it has not, or for a null handle, such as that
// of a place in what a macro put together.
[[nodiscard]] inline std::string_view text_of(CXTranslationUnit unit, CXFile file) {
  if (file == nullptr) return {};
  std::size_t size = 0;
  const char* text = clang_getFileContents(unit, file, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

// The text of the file of `cursor`'s unit from where `location` is; empty if it is nowhere.
[[nodiscard]] inline std::string_view text_from(CXCursor cursor, CXSourceLocation location) {
  CXFile file = nullptr;
  unsigned int offset = 0;
  clang_getFileLocation(location, &file, nullptr, nullptr, &offset);
  const std::string_view text = text_of(clang_Cursor_getTranslationUnit(cursor), file);
  return text.substr(std::min<std::size_t>(offset, text.size()));
}

struct IndexCloser {
  void operator()(void* index) const { clang_disposeIndex(index); }
};
using IndexHandle = std::unique_ptr<void, IndexCloser>;

struct ActionCloser {
  void operator()(void* action) const { clang_IndexAction_dispose(action); }
};
using ActionHandle = std::unique_ptr<void, ActionCloser>;

struct UnitCloser {
  void operator()(CXTranslationUnit unit) const { clang_disposeTranslationUnit(unit); }
};
using UnitHandle = std::unique_ptr<CXTranslationUnitImpl, UnitCloser>;

// For maps whose keys are cursors.
struct CursorHash {
  std::size_t operator()(const CXCursor& cursor) const { return clang_hashCursor(cursor); }
};
struct CursorEqual {
  bool operator()(const CXCursor& a, const CXCursor& b) const {
    return clang_equalCursors(a, b) != 0;
  }
};

// Calls `visit(child)`, which returns a CXChildVisitResult, for the children of `parent`.
template <class Visit>
void for_each_child(CXCursor parent, Visit&& visit) {
  clang_visitChildren(
      parent,
      [](CXCursor child, CXCursor, CXClientData data) {
        return (*static_cast<std::remove_reference_t<Visit>*>(data))(child);
      },
      &visit);
}

}  // namespace callgraph
