#include "client/cli/line_editor.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <editline/readline.h>
#include <unistd.h>

namespace kipu::cli {
namespace {

constexpr int kMostHistory = 2000;

// libedit calls a plain function.
LineEditor::Completer& current_completer() {
  static LineEditor::Completer completer;
  return completer;
}

// libedit takes an array of words, the first being what all have in common; it frees them.
char** complete(const char* text, int /*start*/, int end) {
  rl_attempted_completion_over = 1;  // not the files of this directory
  const std::string line(rl_line_buffer, static_cast<std::size_t>(end));
  std::vector<std::string> words;
  for (std::string& word : current_completer()(line)) {
    if (word.starts_with(text)) words.push_back(std::move(word));
  }
  if (words.empty()) return nullptr;
  std::string common = words[0];
  for (const std::string& word : words) {
    std::size_t same = 0;
    while (same < common.size() && same < word.size() && common[same] == word[same]) ++same;
    common.resize(same);
  }
  auto** matches = static_cast<char**>(std::calloc(words.size() + 2, sizeof(char*)));
  matches[0] = strdup(common.c_str());
  for (std::size_t i = 0; i < words.size(); ++i) matches[i + 1] = strdup(words[i].c_str());
  return matches;
}

}  // namespace

LineEditor::LineEditor(std::filesystem::path history, Completer completer)
    : interactive_(isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1),
      history_(std::move(history)) {
  if (!interactive_) return;
  current_completer() = std::move(completer);
  rl_readline_name = "kipu";
  rl_attempted_completion_function = complete;
  using_history();
  stifle_history(kMostHistory);
  std::error_code error;
  std::filesystem::create_directories(history_.parent_path(), error);
  read_history(history_.c_str());
}

LineEditor::~LineEditor() {
  if (!interactive_) return;
  write_history(history_.c_str());
  current_completer() = nullptr;
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  std::string line;
  if (!interactive_) {
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  char* typed = readline(prompt.c_str());
  if (typed == nullptr) {
    std::putchar('\n');
    return std::nullopt;
  }
  line = typed;
  if (!line.empty()) add_history(typed);
  std::free(typed);  // NOLINT(cppcoreguidelines-no-malloc): libedit's
  return line;
}

}  // namespace kipu::cli
