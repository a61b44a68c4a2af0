// A small project on the disk, for tests of the program: sources, and their compile database in
// build/.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace callgraph {

class DiskProject {
 public:
  explicit DiskProject(std::filesystem::path root) : root_(std::move(root)) {
    std::filesystem::create_directories(build());
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / name) << text;
  }
  // The compile database has these sources, and no others.
  void compile(const std::vector<std::string>& sources) const {
    nlohmann::json units = nlohmann::json::array();
    for (const std::string& file : sources) {
      units.push_back(
          {{"directory", root_}, {"file", file}, {"arguments", {"c++", "-std=c++20", "-c", file}}});
    }
    write("build/compile_commands.json", units.dump());
  }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path build() const { return root_ / "build"; }
  // What `callgraph index`, or watch, is to be told.
  std::vector<std::string> options() const { return {"-p", build(), "--root", root_}; }

 private:
  std::filesystem::path root_;
};

}  // namespace callgraph
