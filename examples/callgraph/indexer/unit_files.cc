#include "examples/callgraph/indexer/unit_files.h"

namespace callgraph {

namespace fs = std::filesystem;

UnitFile* UnitFiles::find(CXFile file) {
  if (file == nullptr) return nullptr;
  const auto [entry, is_new] = by_handle_.try_emplace(file, nullptr);
  if (is_new) entry->second = add(file);
  return entry->second;
}

UnitFile* UnitFiles::add(CXFile file) {
  std::string name = text_of(clang_File_tryGetRealPathName(file));
  if (name.empty()) name = text_of(clang_getFileName(file));
  const fs::path path = fs::path(name).lexically_normal();
  const auto [entry, is_new] = by_path_.try_emplace(path.string(), nullptr);
  if (is_new) {
    const auto below = project_.find(path);
    files_.push_back(std::make_unique<UnitFile>());
    entry->second = files_.back().get();
    entry->second->handle = file;
    entry->second->path = below.value_or(path.filename().string());
    entry->second->usr = file_usr(entry->second->path);
    entry->second->inside = below.has_value();
  }
  return entry->second;
}

Place UnitFiles::place(CXSourceLocation location) {
  CXFile file = nullptr;
  Place place;
  clang_getFileLocation(location, &file, &place.line, &place.column, &place.offset);
  place.file = find(file);
  return place;
}

}  // namespace callgraph
