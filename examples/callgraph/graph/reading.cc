#include "examples/callgraph/graph/reading.h"

#include <mutex>
#include <set>

#include <fmt/format.h>

#include "examples/callgraph/graph/parallel.h"

namespace callgraph {

kipu::Error not_ours(std::string_view key) {
  return {kipu::ErrorCode::corrupt,
          fmt::format("key '{}' has a value that callgraph did not write, or that a newer version "
                      "did: index into another graph (--graph)",
                      key)};
}

kipu::Result<std::vector<StoredEntry>> Reading::entries(const std::string& key) const {
  std::vector<StoredEntry> entries;
  kipu::EntryId last;
  for (const auto& item : client_->values(key, patient<kipu::ReadOptions>(bucket_))) {
    if (!item) return kipu::fail(item.error());
    if (entries.empty() || item->id != last) entries.push_back({item->id.stamp, {}});
    last = item->id;
    entries.back().values.push_back(item->value);
  }
  return entries;
}

kipu::Result<FileHistory> Reading::history(const std::string& path) const {
  const std::string key = record_key(path);
  auto stored = entries(key);
  if (!stored) return kipu::fail(std::move(stored.error()));
  std::vector<Generation> generations;
  for (const StoredEntry& entry : *stored) {
    Generation generation;
    if (!decode(entry.values.front(), generation)) return kipu::fail(not_ours(key));
    generation.stamp = entry.stamp;
    if (generation.file.path == path) generations.push_back(std::move(generation));
  }
  return FileHistory(std::move(generations));
}

kipu::Result<std::vector<std::string>> Reading::paths() const {
  std::mutex mutex;  // guards `paths`
  std::set<std::string> paths;
  auto read = in_parallel(kPathLists, [&](std::size_t list) -> kipu::Status {
    auto stored = entries(paths_key(list));
    if (!stored) return kipu::fail(std::move(stored.error()));
    const std::lock_guard lock(mutex);
    for (const StoredEntry& entry : *stored) {
      paths.insert(entry.values.begin(), entry.values.end());
    }
    return {};
  });
  if (!read) return kipu::fail(std::move(read.error()));
  return std::vector<std::string>(paths.begin(), paths.end());
}

}  // namespace callgraph
