#include "client/cli/help.h"

#include <algorithm>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

std::string option_words(const OptionSpec& option) {
  std::string words = fmt::format("--{}", option.name);
  if (option.letter != '\0') words = fmt::format("-{}, {}", option.letter, words);
  if (!option.value.empty()) words += fmt::format(" {}", option.value);
  return words;
}

void append_options(std::string& out, std::span<const OptionSpec> options) {
  for (const OptionSpec& option : options) {
    out += fmt::format("  {:<24} {}\n", option_words(option), option.help);
  }
}

void append_indented(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out += fmt::format("  {}\n", lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

}  // namespace

std::string usage_line(const Command& command) {
  return fmt::format("kipu {}{}{}{}", command.name, command.operands.empty() ? "" : " ",
                     command.operands, command.options.empty() ? "" : " [OPTION…]");
}

std::string overview(std::span<const Command> table, const Style& style) {
  std::string out =
      "Kipu keeps many values under one key, for good.\n\n"
      "  kipu up                       a cluster on this machine; stop it with Ctrl-C\n"
      "  kipu append fruit apple pear  two values under one key, as one entry\n"
      "  kipu get fruit                its values, oldest first\n"
      "  kipu keys                     all keys\n"
      "  kipu shell                    the same, at a prompt\n"
      "  kipu --embedded ./store …     no cluster at all: the store in a directory\n";
  out += fmt::format("\n{}\n", painted(style, Paint::bold, "Commands"));
  for (const Command& command : table) {
    out += fmt::format("  {:<18} {}\n", command.name, command.summary);
  }
  out += fmt::format("\n{}\n", painted(style, Paint::bold, "With every command"));
  append_options(out, common_options());
  out +=
      "\nA flag beats KIPU_BROKER, which beats $XDG_CONFIG_HOME/kipu.toml. Whatever follows `--` "
      "is "
      "a key or a\nvalue, even if it starts with a dash. `kipu help COMMAND` shows examples.\n"
      "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unreachable, 4 deadline passed or outcome\n"
      "unknown, 5 unhealthy, or not all of the output was taken, 6 not found, 130 interrupted,\n"
      "141 nobody reads the output any more.\n";
  return out;
}

std::string group_help(std::span<const Command> table, std::string_view first, const Style& style) {
  std::string lines;
  for (const Command& command : table) {
    if (!command.name.starts_with(fmt::format("{} ", first))) continue;
    lines += fmt::format("  {:<18} {}\n", command.name, command.summary);
  }
  if (lines.empty()) return lines;
  return fmt::format("{}\n{}\n`kipu help {} …` shows examples of one.\n",
                     painted(style, Paint::bold, "Commands"), lines, first);
}

std::string help_text(const Command& command, const Style& style) {
  std::string out = fmt::format("{}\n", painted(style, Paint::bold, "Examples"));
  append_indented(out, command.examples);
  out += fmt::format("\n{}\n  {}\n  {}.\n", painted(style, Paint::bold, "Usage"),
                     usage_line(command), command.summary);
  if (!command.details.empty()) {
    out += '\n';
    append_indented(out, command.details);
  }
  if (!command.options.empty()) {
    out += fmt::format("\n{}\n", painted(style, Paint::bold, "Options"));
    append_options(out, command.options);
  }
  out += fmt::format("\n{}\n", painted(style, Paint::bold, "With every command"));
  append_options(out, common_options());
  return out;
}

}  // namespace kipu::cli
