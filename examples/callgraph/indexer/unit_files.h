// The files of a translation unit: which are the project's, and what is said in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "examples/callgraph/facts.h"
#include "examples/callgraph/indexer/clang_handles.h"
#include "examples/callgraph/indexer/source_files.h"

namespace callgraph {

struct UnitFile {
  CXFile handle = nullptr;
  std::string path;     // relative to the root; of a file that is not the project's, its base name
  std::string usr;      // file_usr of the path
  bool inside = false;  // the project's
  bool wanted = false;  // its facts are read from this unit
  FileFacts facts;
};

// A place in a file. `file` is null where there is none, as of what the compiler predefines.
struct Place {
  UnitFile* file = nullptr;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t offset = 0;
};

class UnitFiles {
 public:
  explicit UnitFiles(ProjectFiles project) : project_(std::move(project)) {}

  // The file's entry, made on first use; null for a null handle. It stays where it is.
  UnitFile* find(CXFile file);
  // Where `location` is in the text: of what a macro expands to, where the macro is used.
  Place place(CXSourceLocation location);
  Place place(CXCursor cursor) { return place(clang_getCursorLocation(cursor)); }

  // All that were asked for.
  const std::vector<std::unique_ptr<UnitFile>>& all() const { return files_; }

 private:
  UnitFile* add(CXFile file);

  ProjectFiles project_;
  std::vector<std::unique_ptr<UnitFile>> files_;
  std::unordered_map<std::string, UnitFile*> by_path_;  // absolute
  std::unordered_map<CXFile, UnitFile*> by_handle_;     // two names of one file have two handles
};

}  // namespace callgraph
