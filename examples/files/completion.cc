#include "examples/files/completion.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "examples/files/manual.h"
#include "examples/files/text.h"
#include "examples/files/words.h"

namespace files {
namespace {

std::vector<std::string> command_names(const std::string& prefix) {
  std::vector<std::string> names;
  for (const CommandSpec& command : all_commands()) {
    if (command.name.starts_with(prefix)) names.emplace_back(command.name);
  }
  return names;
}

std::vector<std::string> option_names(const CommandSpec& command, const std::string& prefix) {
  std::vector<std::string> names;
  for (const OptionSpec& option : command.options) {
    std::string name = "--" + std::string(option.name);
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> operands(Operand kind, const std::string& prefix,
                                  const StoredNames& stored) {
  switch (kind) {
    case Operand::none:
      return {};
    case Operand::local:
      return local_paths(prefix, false);
    case Operand::folder:
      return local_paths(prefix, true);
    case Operand::stored:
      return by_folder(stored(prefix), prefix);
    case Operand::command:
      return command_names(prefix);
  }
  return {};
}

}  // namespace

Completions complete(std::string_view line, const StoredNames& stored) {
  const Unfinished typed = split_unfinished(line);
  if (typed.before.empty()) return {typed.start, command_names(typed.last)};
  const CommandSpec* command = find_command(typed.before[0]);
  if (command == nullptr) return {typed.start, {}};
  if (typed.last.starts_with('-')) return {typed.start, option_names(*command, typed.last)};
  const auto first = typed.before.begin() + 1;
  const auto given = std::count_if(first, typed.before.end(),
                                   [](const std::string& word) { return !word.starts_with('-'); });
  const bool second = given > 0 && command->second != Operand::none;
  return {typed.start, operands(second ? command->second : command->first, typed.last, stored)};
}

std::vector<std::string> local_paths(const std::string& prefix, bool only_folders) {
  const std::size_t slash = prefix.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
  const std::string begun = prefix.substr(folder.size());
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder.empty() ? "." : folder, error), end;
       !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().native();
    if (!name.starts_with(begun) || (begun.empty() && name.starts_with('.'))) continue;
    std::error_code unknown;
    const bool is_folder = at->is_directory(unknown);
    if (only_folders && !is_folder) continue;
    found.push_back(folder + name + (is_folder ? "/" : ""));
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> by_folder(const std::vector<std::string>& names,
                                   const std::string& prefix) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/', prefix.size());
    std::string word = name.substr(0, slash == std::string::npos ? slash : slash + 1);
    if (shown.empty() || shown.back() != word) shown.push_back(std::move(word));
  }
  return shown;
}

std::string common_start(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string common = words[0];
  for (const std::string& word : words) {
    const auto [end, other] = std::ranges::mismatch(common, word);
    common.erase(end, common.end());
  }
  if (!is_utf8(words[0])) return common;
  while (!is_utf8(common)) common.pop_back();
  return common;
}

}  // namespace files
