#include "examples/callgraph/indexer/graph_port.h"

#include "examples/callgraph/indexer/unite.h"

namespace callgraph {

namespace {

constexpr std::string_view kFilePrefix = "file:";

}  // namespace

kipu::Result<std::map<std::string, FileRecord>> MemoryGraph::current_files() {
  const std::lock_guard lock(mutex_);
  std::map<std::string, FileRecord> records;
  for (const auto& [path, change] : files_) {
    FileRecord& record = records[path];
    record.file = change.file;
    for (const Edge& edge : change.facts.edges) {
      if (edge.relation != Relation::includes || edge.from != file_usr(path)) continue;
      record.includes.push_back(edge.to.substr(kFilePrefix.size()));
    }
  }
  return records;
}

kipu::Status MemoryGraph::apply(std::span<const Change> changes) {
  const std::lock_guard lock(mutex_);
  for (const Change& change : changes) {
    const auto found = files_.find(change.file.path);
    if (change.kind == Change::Kind::remove) {
      if (found != files_.end()) files_.erase(found);
      continue;
    }
    const bool adds = change.kind == Change::Kind::add && found != files_.end() &&
                      found->second.file.md5 == change.file.md5;
    if (!adds) {
      files_[change.file.path] = change;
      continue;
    }
    unite(found->second.facts, change.facts);
  }
  return {};
}

}  // namespace callgraph
