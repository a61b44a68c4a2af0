// The commands and their options, as one table: what is parsed, completed and explained.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "examples/files/arguments.h"

namespace files {

// What an operand names: for completion.
enum class Operand { none, local, folder, stored, command };

struct CommandSpec {
  std::string_view name;
  std::string_view operands;
  std::string_view summary;
  std::string_view description;  // paragraphs of the manual
  std::string_view example;
  std::size_t least = 0;
  std::size_t most = 0;
  Operand first = Operand::none;  // and all others, unless there is `second`
  Operand second = Operand::none;
  std::span<const OptionSpec> options = {};
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

[[nodiscard]] std::span<const CommandSpec> all_commands();
// Null if there is none; `quit`, `help` and `list` are other names of commands.
[[nodiscard]] const CommandSpec* find_command(std::string_view name);
// Those of the program, which stand with any command that is run singly.
[[nodiscard]] std::span<const OptionSpec> program_options();

// The manual: whole, or of one command.
[[nodiscard]] std::string manual();
[[nodiscard]] std::string manual_of(const CommandSpec& command);

}  // namespace files
