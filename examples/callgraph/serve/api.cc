#include "examples/callgraph/serve/api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "examples/callgraph/ask/diff.h"
#include "examples/callgraph/ask/resolve.h"
#include "examples/callgraph/ask/walk.h"
#include "examples/callgraph/show/json_parts.h"
#include "examples/callgraph/show/show.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kFound = 20;
constexpr std::size_t kShown = 300;
constexpr std::size_t kMost = 5000;

Reply failure(const kipu::Error& error) {
  const bool asked_wrongly = error.code == kipu::ErrorCode::invalid_argument;
  return {asked_wrongly ? 400 : 502, dumped({{"error", error.message}})};
}

std::string parameter(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

// What is no number, or too large a one, is taken as if it were not there.
std::size_t number(const Parameters& parameters, std::string_view name, std::size_t otherwise) {
  const std::string text = parameter(parameters, name);
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failed == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole && value > 0 ? std::min(value, kMost) : otherwise;
}

kipu::Result<std::vector<Relation>> relations(const Parameters& parameters) {
  std::vector<Relation> relations;
  std::string rest = parameter(parameters, "relation");
  while (!rest.empty()) {
    const std::string one = rest.substr(0, rest.find(','));
    rest.erase(0, std::min(one.size() + 1, rest.size()));
    const auto relation = relation_of(one);
    if (!relation) {
      return kipu::fail(kipu::ErrorCode::invalid_argument, fmt::format("no relation: {}", one));
    }
    relations.push_back(*relation);
  }
  return relations;
}

kipu::Result<std::string> usr_of(const Parameters& parameters) {
  std::string usr = parameter(parameters, "usr");
  if (usr.empty()) return kipu::fail(kipu::ErrorCode::invalid_argument, "usr=… is missing");
  return usr;
}

Reply info(Snapshot& snapshot, const Parameters&) {
  const auto info = snapshot.info();
  if (!info) return failure(info.error());
  ordered_json relations = ordered_json::array();
  for (const Relation relation : all_relations()) {
    relations.push_back({{"word", word(relation)}, {"back", word_back(relation)}});
  }
  return {200, dumped({{"graph", info->name},
                       {"id", info->id},
                       {"made", written(info->created)},
                       {"updated", info->updated ? written(*info->updated) : ""},
                       {"files", info->files},
                       {"relations", std::move(relations)}})};
}

Reply search(Snapshot& snapshot, const Parameters& parameters) {
  const std::string text = parameter(parameters, "q");
  ordered_json found = ordered_json::array();
  if (text.empty()) return {200, dumped({{"matches", found}})};
  const auto matches = find_symbols(snapshot, text, number(parameters, "limit", kFound));
  if (!matches) return failure(matches.error());
  for (const Match& match : *matches) found.push_back(json_of(match.node));
  return {200, dumped({{"matches", std::move(found)}})};
}

Reply symbol(Snapshot& snapshot, const Parameters& parameters) {
  const auto usr = usr_of(parameters);
  if (!usr) return failure(usr.error());
  const auto wanted = relations(parameters);
  if (!wanted) return failure(wanted.error());
  const auto answer = ask_relations(snapshot, {*usr}, *wanted, number(parameters, "limit", kShown));
  if (!answer) return failure(answer.error());
  ordered_json links = ordered_json::array();
  for (const Section& section : answer->sections) {
    for (const Step& step : section.steps) {
      ordered_json link = json_of(step);
      link["out"] = step.forward;
      link["words"] = step.forward ? word(step.relation) : word_back(step.relation);
      link["other"] = step.child;
      link["label"] = label(answer->nodes.at(step.child));
      link["kind"] = word(answer->nodes.at(step.child).kind);
      links.push_back(std::move(link));
    }
  }
  ordered_json node = json_of(answer->nodes.at(*usr));
  node["label"] = label(answer->nodes.at(*usr));
  return {
      200,
      dumped({{"symbol", std::move(node)}, {"links", std::move(links)}, {"notes", answer->notes}})};
}

kipu::Result<Question> question_of(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, Question>, 7> kQuestions{
      {{"callers", Question::callers},
       {"callees", Question::callees},
       {"readers", Question::readers},
       {"writers", Question::writers},
       {"includes", Question::includes},
       {"included_by", Question::included_by},
       {"impact", Question::impact}}};
  for (const auto& [name, question] : kQuestions) {
    if (name == text) return question;
  }
  return kipu::fail(kipu::ErrorCode::invalid_argument, fmt::format("no question: {}", text));
}

Reply picture(Snapshot& snapshot, const Parameters& parameters) {
  const auto usr = usr_of(parameters);
  if (!usr) return failure(usr.error());
  const auto question = question_of(parameter(parameters, "question"));
  if (!question) return failure(question.error());
  WalkRequest walk = walk_for(*question, {*usr});
  walk.depth = number(parameters, "depth", 2);
  walk.limit = number(parameters, "limit", 60);
  const auto answer = ask(snapshot, walk);
  if (!answer) return failure(answer.error());
  auto svg = show(*answer, Format::svg);
  if (!svg) return failure(svg.error());
  return {200, dumped({{"svg", std::move(*svg)}, {"notes", answer->notes}})};
}

}  // namespace

Reply reply(kipu::Client& client, const std::string& graph, std::optional<kipu::StampTime> until,
            std::string_view path, const Parameters& parameters) {
  using Answering = Reply (*)(Snapshot&, const Parameters&);
  constexpr std::array<std::pair<std::string_view, Answering>, 4> kAnswers{
      {{"/api/info", info},
       {"/api/search", search},
       {"/api/symbol", symbol},
       {"/api/picture", picture}}};
  for (const auto& [name, answering] : kAnswers) {
    if (name != path) continue;
    auto snapshot = Snapshot::open(client, graph, until);
    if (!snapshot) return failure(snapshot.error());
    return answering(*snapshot, parameters);
  }
  return {404, dumped({{"error", "there is nothing here: ask /"}})};
}

}  // namespace callgraph
