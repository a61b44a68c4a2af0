// The graph, as indexing sees it: the writer of graph/writer.h, or one in memory.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "examples/callgraph/graph/writer.h"

namespace callgraph {

// Thread rule: any number of threads at once.
class GraphPort {
 public:
  GraphPort() = default;
  GraphPort(const GraphPort&) = delete;
  GraphPort& operator=(const GraphPort&) = delete;
  virtual ~GraphPort() = default;

  // As the methods of GraphWriter.
  [[nodiscard]] virtual kipu::Result<std::map<std::string, FileRecord>> current_files() = 0;
  [[nodiscard]] virtual kipu::Status apply(std::span<const Change> changes) = 0;
};

// Keeps what was written, under the rules of GraphWriter.
class MemoryGraph final : public GraphPort {
 public:
  kipu::Result<std::map<std::string, FileRecord>> current_files() override;
  kipu::Status apply(std::span<const Change> changes) override;

  // Not while another thread applies.
  const std::map<std::string, Change>& files() const { return files_; }

 private:
  std::mutex mutex_;  // guards files_
  std::map<std::string, Change> files_;
};

}  // namespace callgraph
