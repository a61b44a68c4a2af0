// One round of indexing: what changed since the last is read, by several threads, and written.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "examples/callgraph/indexer/graph_port.h"
#include "examples/callgraph/indexer/plan.h"
#include "examples/callgraph/indexer/unit.h"
#include "examples/callgraph/indexer/write_behind.h"

namespace callgraph {

struct RoundOptions {
  std::filesystem::path compdb;
  std::filesystem::path root;
  std::vector<std::filesystem::path> except = {};  // of the project, but not to be indexed
  bool generated = false;                          // the build folder, too
  std::size_t threads = 1;
  bool locals = false;
  bool everything = false;
};

struct RoundResult {
  std::set<std::string> files;      // all that the graph has now
  std::set<std::string> reindexed;  // of these, those that were read again
  std::size_t removed = 0;
  std::size_t units = 0;      // translation units read
  std::size_t planned = 0;    // translation units that were to be read
  bool stopped = false;       // before all of them were
  std::size_t outside = 0;    // sources outside the root, which were left out
  std::string build_folder;   // below the root; empty if it is indexed, or there is none
  std::size_t generated = 0;  // sources in it, which were left out
  // Units with errors, by path: the first error of each, and how many there are.
  std::map<std::string, std::pair<std::string, std::size_t>> with_errors;
};

class Round {
 public:
  // Called after each unit, one call at a time: how many are done, of how many, and its path.
  using Progress = std::function<void(std::size_t, std::size_t, const std::string&)>;

  Round(RoundOptions options, GraphPort& graph, const std::atomic<bool>& stop, Progress progress);

  // Once. Every finished unit is in the graph, also where it returns an error or was stopped.
  [[nodiscard]] kipu::Result<RoundResult> run();

 private:
  void find_units(const std::vector<CompileCommand>& commands);
  OnDisk compare(const SourceFile& file) const;
  kipu::Status remove_gone(const Plan& plan);
  void work();
  void index(const Unit& unit);
  std::vector<Change> changes_of(const Unit& unit, std::map<std::string, ReadFile> files);
  void finish_unit(const Unit& unit, const kipu::Status& written);
  kipu::Status write_changed_headers();
  bool is_deferred(const std::string& path, const SourceFile& file) const;

  const RoundOptions options_;
  GraphPort& graph_;
  const std::atomic<bool>& stop_;
  const Progress progress_;

  // Set before the threads start, and then only read.
  ProjectFiles project_;
  std::vector<Unit> units_;
  std::map<std::string, std::string> digests_;  // of units, by path
  std::map<std::string, FileRecord> known_;
  Plan plan_;

  Claims claims_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards what follows
  RoundResult result_;
  kipu::Status status_;
  std::map<std::string, ReadFile> deferred_;  // headers that changed: written when all is read

  // Units are written in the order in which it was decided what is to be written of them.
  std::mutex order_;
  WriteBehind writing_;  // last, as it calls finish_unit
};

}  // namespace callgraph
