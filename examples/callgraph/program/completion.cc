#include "examples/callgraph/program/completion.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "examples/callgraph/program/arguments.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

using Kind = Completion::Kind;

// An option that a word names, if its value is to follow as a word of its own.
const OptionSpec* awaiting_value(std::string_view word) {
  if (word.size() < 2 || !word.starts_with('-') || word.find('=') != word.npos) return nullptr;
  const OptionSpec* option =
      word.starts_with("--") ? option_named(word.substr(2)) : option_lettered(word[1]);
  const bool has_it = !word.starts_with("--") && word.size() > 2;
  return option == nullptr || option->value.empty() || has_it ? nullptr : option;
}

std::vector<std::string> beginning_with(std::vector<std::string> words, std::string_view typed) {
  std::erase_if(words, [&](const std::string& word) { return !word.starts_with(typed); });
  return words;
}

Completion value_of(const OptionSpec& option, std::string_view typed) {
  if (option.name == "graph") return {Kind::graphs};
  if (option.name == "roots") return {Kind::symbols};
  constexpr std::array kPaths{"compdb", "root", "except", "embedded"};
  if (std::ranges::find(kPaths, option.name) != kPaths.end()) return {Kind::paths};
  std::vector<std::string> words;
  if (option.name == "output") words = {"dot", "graphml", "json", "svg", "text"};
  if (option.name == "relation") {
    for (const Relation relation : all_relations()) words.emplace_back(word(relation));
  }
  return {Kind::words, beginning_with(std::move(words), typed)};
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandSpec& command : commands()) {
    if (!command.hidden) names.emplace_back(command.name);
  }
  return names;
}

std::vector<std::string> option_names(const CommandSpec* command) {
  std::vector<std::string> names;
  for (const OptionSpec& option : options()) {
    if (command == nullptr || takes(*command, option.name)) {
      names.push_back(fmt::format("--{}", option.name));
    }
  }
  return names;
}

Completion operand_of(const CommandSpec& command, std::string_view typed) {
  if (command.name == "help") return {Kind::words, beginning_with(command_names(), typed)};
  if (command.name == "facts") return {Kind::paths};
  if (command.name == "includes") return {Kind::files};
  constexpr std::array kNamed{"SYMBOL", "VARIABLE", "CLASS", "FROM", "TEXT"};
  const bool takes_symbols = std::ranges::any_of(
      kNamed, [&](std::string_view operand) { return command.operands.starts_with(operand); });
  return {takes_symbols ? Kind::symbols : Kind::words};
}

}  // namespace

Completion completion_of(std::span<const std::string> typed) {
  if (typed.empty()) return {Kind::words, command_names()};
  const std::string& last = typed.back();
  const CommandSpec* command = nullptr;
  const OptionSpec* awaiting = nullptr;
  for (const std::string& word : typed.first(typed.size() - 1)) {
    const bool is_value = awaiting != nullptr;
    awaiting = is_value ? nullptr : awaiting_value(word);
    if (!is_value && command == nullptr && !word.starts_with('-')) command = command_named(word);
  }
  if (awaiting != nullptr) return value_of(*awaiting, last);
  if (last.starts_with('-')) return {Kind::words, beginning_with(option_names(command), last)};
  if (command == nullptr) return {Kind::words, beginning_with(command_names(), last)};
  return operand_of(*command, last);
}

std::vector<std::string> place_options(std::span<const std::string> typed) {
  std::vector<std::string> options;
  for (std::size_t i = 0; i + 1 < typed.size(); ++i) {
    for (const std::string_view name : {"broker", "embedded", "graph"}) {
      if (typed[i].starts_with(fmt::format("--{}=", name))) options.push_back(typed[i]);
    }
    const OptionSpec* option = awaiting_value(typed[i]);
    const bool is_complete = option != nullptr && i + 2 < typed.size();
    if (!is_complete) continue;
    ++i;
    if (option->name == "broker" || option->name == "embedded" || option->name == "graph") {
      options.push_back(fmt::format("--{}={}", option->name, typed[i]));
    }
  }
  return options;
}

// Bash hands over a line that it has cut at colons, too, and puts what it gets in the place of the
// last piece: so the line is cut anew here, and what stands before the last colon is taken off.
std::string bash_completion() {
  return R"(_callgraph() {
  local words typed
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:blank:]] ]] && words+=('')
  typed=${words[-1]}
  mapfile -t COMPREPLY < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
  if [[ ${COMPREPLY[0]-} == '//paths' ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$typed")
    return
  fi
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/] ]]; then
    compopt -o nospace 2>/dev/null
  fi
  if [[ $COMP_WORDBREAKS == *:* ]]; then
    local before=${typed%"${typed##*:}"} i
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$before"}; done
  fi
}
complete -F _callgraph callgraph
)";
}

}  // namespace callgraph
