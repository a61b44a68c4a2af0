#include "examples/files/shell.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "examples/files/commands.h"
#include "examples/files/completion.h"
#include "examples/files/line_editor.h"
#include "examples/files/manual.h"
#include "examples/files/text.h"
#include "examples/files/words.h"

namespace files {
namespace {

using kipu::ErrorCode;

constexpr std::size_t kMostCompletions = 1000;

std::filesystem::path history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state != '\0') {
    return std::filesystem::path(state) / "kipu" / "files-history";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "." : home) / ".local/state/kipu/files-history";
}

std::vector<std::string> stored_names(Session& session, const std::string& prefix) {
  std::vector<std::string> names;
  const auto store = session.store(Session::Purpose::complete);
  if (!store) return names;  // a completion is no place for errors
  (void)(*store)->visit_names(prefix, [&](const std::string& name) {
    names.push_back(name);
    return names.size() < kMostCompletions;
  });
  return names;
}

kipu::Error unknown_command(std::string_view name) {
  std::vector<std::string_view> names;
  for (const CommandSpec& command : all_commands()) names.push_back(command.name);
  const auto near = nearest(name, names);
  return {ErrorCode::invalid_argument,
          near ? fmt::format("there is no command {}: did you mean {}? `man` lists all",
                             in_quotes(name), *near)
               : fmt::format("there is no command {}: `man` lists them", in_quotes(name))};
}

std::string prompt() {
  std::error_code error;
  const auto folder = std::filesystem::current_path(error);
  return fmt::format("kipu-files {}> ", error ? "" : printable(folder.filename().native()));
}

}  // namespace

Exit run_line(Session& session, std::string_view line, bool& ended) {
  const auto words = split_words(line);
  if (!words) return session.report(words.error());
  if (words->empty() || (*words)[0].starts_with('#')) return Exit::done;
  const CommandSpec* command = find_command((*words)[0]);
  if (command == nullptr) return session.report(unknown_command((*words)[0]));
  ended = command->name == "exit";
  const auto arguments = parse_arguments(std::span(*words).subspan(1), command->options);
  if (!arguments) return session.report(arguments.error());
  return run_command(session, *command, *arguments);
}

Exit run_shell(Session& session) {
  LineEditor editor(history_file(), [&](std::string_view line) {
    return complete(line, [&](const std::string& prefix) { return stored_names(session, prefix); });
  });
  if (editor.interactive()) {
    session.print(
        "kipu-files keeps every version of your files. `man` explains; Tab completes; "
        "`exit` ends.");
  }
  Exit first = Exit::done;
  bool ended = false;
  while (!ended) {
    if (editor.interactive()) ignore_interrupts();
    const auto line = editor.read(prompt());
    if (!line) break;
    catch_interrupts();
    const Exit exit = run_line(session, *line, ended);
    if (first == Exit::done) first = exit;
  }
  return editor.interactive() ? Exit::done : first;
}

}  // namespace files
