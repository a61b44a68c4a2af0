// Completion scripts, made from the table of commands.
#include <set>

#include <fmt/format.h>

#include "client/cli/help.h"

namespace kipu::cli {
namespace {

std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find(' '));
}

std::string_view second_word(std::string_view name) {
  const std::size_t space = name.find(' ');
  return space == std::string_view::npos ? std::string_view() : name.substr(space + 1);
}

std::string first_words(std::span<const Command> table) {
  std::set<std::string_view> seen;
  std::string words;
  for (const Command& command : table) {
    if (seen.insert(first_word(command.name)).second) {
      words += fmt::format("{}{}", words.empty() ? "" : " ", first_word(command.name));
    }
  }
  return words;
}

std::string second_words(std::span<const Command> table, std::string_view first) {
  std::string words;
  for (const Command& command : table) {
    if (first_word(command.name) != first || second_word(command.name).empty()) continue;
    words += fmt::format("{}{}", words.empty() ? "" : " ", second_word(command.name));
  }
  return words;
}

std::string flags(std::span<const OptionSpec> options) {
  std::string words;
  for (const OptionSpec& option : options) words += fmt::format(" --{}", option.name);
  return words;
}

// The words that may follow each first word: its second words and the options of all of them.
std::string cases(std::span<const Command> table, std::string_view form) {
  std::string out;
  std::set<std::string_view> seen;
  for (const Command& command : table) {
    const std::string_view first = first_word(command.name);
    if (!seen.insert(first).second) continue;
    std::string words = second_words(table, first);
    for (const Command& other : table) {
      if (first_word(other.name) == first) words += flags(other.options);
    }
    out += fmt::format(fmt::runtime(form), first, words);
  }
  return out;
}

std::string bash(std::span<const Command> table) {
  return fmt::format(R"(# kipu completion bash > /etc/bash_completion.d/kipu
_kipu() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words
  case ${{COMP_WORDS[1]}} in
{}    *) words='{}' ;;
  esac
  if ((COMP_CWORD == 1)); then words='{}'; fi
  if [[ ${{COMP_WORDS[COMP_CWORD-1]}} == -o ]]; then words='text raw jsonl json'; fi
  COMPREPLY=($(compgen -W "$words{}" -- "$word"))
}}
complete -o default -F _kipu kipu
)",
                     cases(table, "    {}) words='{}' ;;\n"), first_words(table),
                     first_words(table), flags(common_options()));
}

std::string zsh(std::span<const Command> table) {
  return fmt::format(R"(#compdef kipu
# kipu completion zsh > "${{fpath[1]}}/_kipu"
_kipu() {{
  local -a choices
  case ${{words[2]}} in
{}    *) choices=({}) ;;
  esac
  if ((CURRENT == 2)); then choices=({}); fi
  if [[ ${{words[CURRENT-1]}} == -o ]]; then choices=(text raw jsonl json); fi
  compadd -- $choices{}
  _files
}}
_kipu "$@"
)",
                     cases(table, "    {}) choices=({}) ;;\n"), first_words(table),
                     first_words(table), flags(common_options()));
}

std::string fish(std::span<const Command> table) {
  std::string out = "# kipu completion fish > ~/.config/fish/completions/kipu.fish\n";
  for (const Command& command : table) {
    const std::string_view first = first_word(command.name);
    const std::string_view second = second_word(command.name);
    if (second.empty()) {
      out += fmt::format("complete -c kipu -n __fish_use_subcommand -f -a {} -d \"{}\"\n", first,
                         command.summary);
    } else {
      out += fmt::format("complete -c kipu -n __fish_use_subcommand -f -a {}\n", first);
      out +=
          fmt::format("complete -c kipu -n '__fish_seen_subcommand_from {}' -f -a {} -d \"{}\"\n",
                      first, second, command.summary);
    }
    for (const OptionSpec& option : command.options) {
      out += fmt::format("complete -c kipu -n '__fish_seen_subcommand_from {}' -l {}{} -d \"{}\"\n",
                         first, option.name, option.value.empty() ? "" : " -r", option.help);
    }
  }
  for (const OptionSpec& option : common_options()) {
    out += fmt::format("complete -c kipu -l {}{} -d \"{}\"\n", option.name,
                       option.value.empty() ? "" : " -r", option.help);
  }
  return out;
}

}  // namespace

std::string completion_script(std::span<const Command> table, std::string_view shell) {
  if (shell == "bash") return bash(table);
  if (shell == "zsh") return zsh(table);
  if (shell == "fish") return fish(table);
  return {};
}

}  // namespace kipu::cli
