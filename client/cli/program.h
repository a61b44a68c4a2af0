// The `kipu` command: its table of commands, and how a command line becomes a call to one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/arguments.h"
#include "client/cli/exit_code.h"
#include "client/cli/output.h"
#include "client/cli/settings.h"

namespace kipu::cli {

struct Command;

// What a command works with.
struct Context {
  const Command& command;
  Arguments arguments;
  Settings settings;
  Output& out;

  const std::vector<std::string>& operands() const { return arguments.operands(); }
};

struct Command {
  std::string_view name;      // one word, or two: `bucket create`
  std::string_view operands;  // as in its usage line
  std::string_view summary;
  std::string_view examples;  // lines, shown first in help
  std::string_view details;   // paragraphs, after them; may be empty
  std::span<const OptionSpec> options;
  std::size_t least_operands = 0;
  std::size_t most_operands = 0;
  // Returns an error, or how it ended. An error is shown by whoever called.
  Result<Exit> (*run)(Context& context) = nullptr;
};

inline constexpr std::size_t kManyOperands = ~std::size_t{0};

// Every command, in the order of help.
[[nodiscard]] std::span<const Command> commands();

// The command of that name, or nothing.
[[nodiscard]] const Command* find_command(std::span<const Command> table, std::string_view name);

// Finds the command that `words` name, starting at `at`, which is moved past its name.
// `invalid_argument`, with the nearest name, if there is none.
[[nodiscard]] Result<const Command*> resolve_command(std::span<const Command> table,
                                                     std::span<const std::string> words,
                                                     std::size_t& at);

// All that the program does with the words after `kipu`; returns what it exits with, which is not 0
// where standard output did not take all that any command wrote.
[[nodiscard]] int run_program(const std::vector<std::string>& words);

struct ErrorReport;
struct LinesReport;

// Shows an error on standard error, as one line or as a JSON object; returns its exit code.
Exit report(const Error& error, const Style& style);
Exit report(const ErrorReport& result, const Style& style);
// What became of lines, where another error is shown by whoever knows it.
void report(const LinesReport& result, const Style& style);

// A note on standard error, unless quiet.
void note(const Style& style, std::string_view text);

}  // namespace kipu::cli
