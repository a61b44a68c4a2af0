#include "tests/examples/callgraph/indexer/project.h"

#include <algorithm>
#include <atomic>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "examples/callgraph/words.h"

namespace callgraph::test {

namespace fs = std::filesystem;

Project::Project() : root_(fs::canonical(directory_.path()) / "project") {
  fs::create_directories(root_);
}

void Project::write(const std::string& path, const std::string& text) {
  fs::create_directories((root_ / path).parent_path());
  std::ofstream(root_ / path) << text;
}

void Project::remove(const std::string& path) {
  fs::remove(root_ / path);
}

void Project::compile(const std::string& source, const std::string& flags) {
  const bool is_c = source.ends_with(".c");
  commands_[source] = (is_c ? "gcc " : "g++ -std=c++20 ") + flags + " -c -o x.o " + source;
  write_compdb();
}

void Project::forget(const std::string& source) {
  commands_.erase(source);
  write_compdb();
}

void Project::write_compdb() {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& [source, command] : commands_) {
    all.push_back({{"directory", root_.string()}, {"command", command}, {"file", source}});
  }
  write("compile_commands.json", all.dump());
}

RoundResult Project::index(std::size_t threads, bool locals) {
  RoundOptions options;
  options.compdb = root_;
  options.root = root_;
  options.threads = threads;
  options.locals = locals;
  const std::atomic<bool> stop = false;
  auto result = Round(options, graph_, stop, nullptr).run();
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return std::move(*result);
}

std::map<std::string, std::string> Project::names() const {
  std::map<std::string, std::string> names;
  for (const auto& [path, change] : graph_.files()) {
    for (const Symbol& symbol : change.facts.symbols) names[symbol.usr] = symbol.name;
  }
  return names;
}

std::vector<std::string> Project::sentences(const std::string& relation, bool placed) const {
  const auto names = this->names();
  const auto name = [&](const std::string& usr) {
    const auto found = names.find(usr);
    return found == names.end() ? usr : found->second;
  };
  std::vector<std::string> sentences;
  for (const auto& [path, change] : graph_.files()) {
    for (const Edge& edge : change.facts.edges) {
      if (!relation.empty() && word(edge.relation) != relation) continue;
      std::string said =
          name(edge.from) + ' ' + std::string(word(edge.relation)) + ' ' + name(edge.to);
      if (edge.certainty != Certainty::direct) {
        said += " (" + std::string(word(edge.certainty)) + ')';
      }
      if (placed) said += " at " + std::to_string(edge.line);
      sentences.push_back(std::move(said));
    }
  }
  std::ranges::sort(sentences);
  const auto rest = std::ranges::unique(sentences);
  sentences.erase(rest.begin(), rest.end());
  return sentences;
}

std::vector<std::string> Project::facts() const {
  return sentences("", false);
}

std::vector<std::string> Project::facts(const std::string& relation) const {
  return sentences(relation, false);
}

std::vector<std::string> Project::placed(const std::string& relation) const {
  return sentences(relation, true);
}

const FileFacts& Project::facts_of(const std::string& path) const {
  static const FileFacts none;
  const auto found = graph_.files().find(path);
  return found == graph_.files().end() ? none : found->second.facts;
}

const Symbol& Project::symbol(const std::string& name) const {
  static const Symbol none;
  const Symbol* best = &none;
  for (const auto& [path, change] : graph_.files()) {
    for (const Symbol& symbol : change.facts.symbols) {
      const bool better = best == &none || (symbol.is_definition && !best->is_definition);
      if (symbol.name == name && better) best = &symbol;
    }
  }
  return *best;
}

std::vector<std::string> facts_of(const std::string& source, const std::string& relation,
                                  bool locals) {
  Project project;
  project.write("main.cc", source);
  project.compile("main.cc");
  const RoundResult result = project.index(1, locals);
  for (const auto& [path, error] : result.with_errors) ADD_FAILURE() << error.first;
  return project.facts(relation);
}

}  // namespace callgraph::test
