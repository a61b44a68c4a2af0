// kipu-files: a shell in which files are stored in a Kipu cluster. `kipu-files man` explains.
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/standard_streams.h"
#include "examples/files/commands.h"
#include "examples/files/manual.h"
#include "examples/files/session.h"
#include "examples/files/shell.h"

namespace files {
namespace {

int number(Exit exit) {
  return static_cast<int>(exit);
}

int fail_with(const kipu::Error& error) {
  std::cerr << "kipu-files: " + error.message + "\n";
  return number(exit_of(error.code));
}

// The command is the first word that is neither an option nor an option's value. Where the options
// are wrong, the first that could be one: so that its options are known to the message.
const CommandSpec* command_among(const std::vector<std::string>& words,
                                 std::span<const OptionSpec> options) {
  const auto parsed = parse_arguments(words, options);
  if (parsed) return parsed->operands.empty() ? nullptr : find_command(parsed->operands[0]);
  for (const std::string& word : words) {
    if (const CommandSpec* command = find_command(word)) return command;
  }
  return nullptr;
}

std::vector<OptionSpec> options_with(const CommandSpec& command) {
  std::vector<OptionSpec> all(program_options().begin(), program_options().end());
  all.insert(all.end(), command.options.begin(), command.options.end());
  return all;
}

// Options of every command, so that the command can be found before it is known.
std::vector<OptionSpec> options_of_all() {
  std::vector<OptionSpec> all(program_options().begin(), program_options().end());
  for (const CommandSpec& command : all_commands()) {
    all.insert(all.end(), command.options.begin(), command.options.end());
  }
  return all;
}

int show_manual(const CommandSpec* command) {
  std::cout << (command == nullptr ? manual() : manual_of(*command));
  return number(Exit::done);
}

int run(const std::vector<std::string>& words) {
  const std::vector<OptionSpec> all = options_of_all();
  const CommandSpec* command = command_among(words, all);
  auto arguments = parse_arguments(words, command == nullptr ? all : options_with(*command));
  if (!arguments) return fail_with(arguments.error());
  if (arguments->has("version")) {
    std::cout << "kipu-files " KIPU_VERSION "\n";
    return number(Exit::done);
  }
  if (arguments->has("help")) return show_manual(command);
  const auto settings = settle(*arguments);
  if (!settings) return fail_with(settings.error());
  Session session(*settings);
  if (arguments->operands.empty()) {
    if (auto begun = session.begin(*arguments); !begun) return fail_with(begun.error());
    return number(run_shell(session));
  }
  if (command == nullptr) {
    bool ended = false;  // for its message
    return number(run_line(session, arguments->operands[0], ended));
  }
  arguments->operands.erase(arguments->operands.begin());
  catch_interrupts();
  return number(run_command(session, *command, *arguments));
}

}  // namespace
}  // namespace files

int main(int argc, char** argv) {
  return kipu::run_main([&] { return files::run({argv + 1, argv + argc}); }, files::fail_with);
}
