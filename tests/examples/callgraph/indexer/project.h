// Small projects for tests of the indexer: files in a directory, their compile database, and facts
// as sentences: "go calls helper", "D inherits Base", with (virtual), (pointer) or (heuristic)
// after those that are not direct.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "examples/callgraph/indexer/graph_port.h"
#include "examples/callgraph/indexer/round.h"
#include "tests/support/process.h"

namespace callgraph::test {

class Project {
 public:
  Project();

  void write(const std::string& path, const std::string& text);
  void remove(const std::string& path);
  // Adds a command to the compile database, or replaces that of the source.
  void compile(const std::string& source, const std::string& flags = "");
  void forget(const std::string& source);

  // One round over the compile database; fails the test if it returns an error.
  RoundResult index(std::size_t threads = 1, bool locals = false);

  // What the files say. Symbols stand for their names, those that no file names for their ids.
  std::vector<std::string> facts() const;
  // Those with this word for the relation.
  std::vector<std::string> facts(const std::string& relation) const;
  // The same, with the line at the end: "go calls helper at 3".
  std::vector<std::string> placed(const std::string& relation) const;
  const FileFacts& facts_of(const std::string& path) const;
  const Symbol& symbol(const std::string& name) const;

  const std::filesystem::path& root() const { return root_; }
  MemoryGraph& graph() { return graph_; }

 private:
  void write_compdb();
  std::map<std::string, std::string> names() const;
  std::vector<std::string> sentences(const std::string& relation, bool placed) const;

  kipu::test::TempDirectory directory_;
  std::filesystem::path root_;
  std::map<std::string, std::string> commands_;
  MemoryGraph graph_;
};

// The facts of one C++ source, main.cc.
std::vector<std::string> facts_of(const std::string& source, const std::string& relation,
                                  bool locals = false);

}  // namespace callgraph::test
