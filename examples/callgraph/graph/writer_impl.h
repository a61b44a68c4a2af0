// The inside of a GraphWriter (graph/writer.h).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "examples/callgraph/graph/appending.h"
#include "examples/callgraph/graph/busy.h"
#include "examples/callgraph/graph/differences.h"
#include "examples/callgraph/graph/reading.h"
#include "examples/callgraph/graph/writer.h"

namespace callgraph {

class GraphWriter::Impl {
 public:
  Impl(kipu::Client& client, std::string bucket);

  kipu::Result<std::map<std::string, FileRecord>> current_files();
  kipu::Result<std::vector<Applied>> apply(std::span<const Change> changes);

 private:
  // What this object knows a file to say. Facts as 64 bits of XXH3: among one file's, two that
  // differ and share them do not occur in practice.
  struct Known {
    std::string md5;
    std::vector<kipu::Stamp> parents;
    std::vector<std::string> includes;
    std::unordered_set<std::uint64_t> facts;
  };
  // What one change comes to.
  struct Plan {
    const Change* change = nullptr;
    bool record = false;
    bool first = false;  // the file was never there
    Generation generation;
    Difference difference;
    Known after;
  };

  bool is_known(const Change& change);
  kipu::Result<Plan> planned(const Change& change);
  std::optional<Plan> planned_from_known(const Change& change, const FactSet& said);
  kipu::Result<Plan> planned_from_graph(const Change& change, const FactSet& said);
  void name_generation(Plan& plan);
  void send_facts(Appending& appending, const Plan& plan);
  void send_fact(Gathering& gathering, const std::string& path, bool said, std::string_view fact);
  void send_name(Gathering& gathering, const Symbol& symbol);
  void send_record(Appending& appending, const Plan& plan);
  kipu::Status send(std::span<Plan> plans);
  void remember(Plan& plan);
  void forget(std::span<const Plan> plans);

  const Reading reading_;
  const std::uint64_t writer_;  // of the stamps that this object makes
  BusyPaths busy_;

  std::mutex mutex_;  // guards the rest
  std::map<std::string, Known> known_;
  std::unordered_set<std::uint64_t> names_;  // that were written already
  kipu::StampTime last_;
};

}  // namespace callgraph
