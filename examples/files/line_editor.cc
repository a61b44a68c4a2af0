#include "examples/files/line_editor.h"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <iostream>
#include <system_error>

#include <fmt/format.h>
#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/text.h"
#include "examples/files/words.h"

namespace files {
namespace {

constexpr int kMostHistory = 2000;
constexpr std::size_t kMostShown = 100;

std::string without_newline(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

}  // namespace

struct LineEditor::Terminal {
  EditLine* edit = nullptr;
  History* history = nullptr;
  std::filesystem::path file;
  Completer completer;
  std::string prompt;

  static Terminal& of(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return *static_cast<Terminal*>(data);
  }
  static char* show_prompt(EditLine* edit) { return of(edit).prompt.data(); }

  // Tab: as much as all completions have in common; where that is nothing new, they are listed.
  static unsigned char on_complete(EditLine* edit, int /*key*/) { return of(edit).complete(); }
  // Ctrl-C: an empty line.
  static unsigned char on_cancel(EditLine* edit, int /*key*/) {
    const LineInfo* line = el_line(edit);
    el_cursor(edit, static_cast<int>(line->lastchar - line->cursor));
    line = el_line(edit);
    el_deletestr(edit, static_cast<int>(line->lastchar - line->buffer));
    return CC_REFRESH;
  }

  unsigned char complete() const;
  void list(const std::vector<std::string>& words) const;
};

unsigned char LineEditor::Terminal::complete() const {
  const LineInfo* info = el_line(edit);
  const std::string line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
  const Completions found = completer(line);
  if (found.words.empty()) return CC_REFRESH_BEEP;
  std::string word = quote_word(common_start(found.words));
  const bool only = found.words.size() == 1;
  if (only && !found.words[0].ends_with('/')) word += ' ';
  const std::string typed = line.substr(found.start);
  if (!only && word.size() <= typed.size()) {
    list(found.words);
    return CC_REDISPLAY;
  }
  // The wide editor counts characters, and so does this.
  const auto characters = std::ranges::count_if(
      typed, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
  if (characters > 0) el_deletestr(edit, static_cast<int>(characters));
  el_insertstr(edit, word.c_str());
  return CC_REFRESH;
}

void LineEditor::Terminal::list(const std::vector<std::string>& words) const {
  std::fputc('\n', stdout);
  for (std::size_t i = 0; i < std::min(words.size(), kMostShown); ++i) {
    fmt::print("{}\n", printable(words[i]));
  }
  if (words.size() > kMostShown) fmt::print("… and {} more\n", words.size() - kMostShown);
  std::fflush(stdout);
}

LineEditor::LineEditor(std::filesystem::path history, Completer completer) {
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return;
  // The editor shows as characters what the locale takes for some.
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1)
    std::setlocale(LC_CTYPE, "C.UTF-8");
  terminal_ = std::make_unique<Terminal>();
  terminal_->file = std::move(history);
  terminal_->completer = std::move(completer);
  terminal_->edit = el_init("kipu-files", stdin, stdout, stderr);
  terminal_->history = history_init();
  EditLine* edit = terminal_->edit;
  HistEvent event;
  ::history(terminal_->history, &event, H_SETSIZE, kMostHistory);
  ::history(terminal_->history, &event, H_SETUNIQUE, 1);
  std::error_code error;
  std::filesystem::create_directories(terminal_->file.parent_path(), error);
  ::history(terminal_->history, &event, H_LOAD, terminal_->file.c_str());
  el_set(edit, EL_CLIENTDATA, terminal_.get());
  el_set(edit, EL_PROMPT, &Terminal::show_prompt);
  el_set(edit, EL_EDITOR, "emacs");
  el_set(edit, EL_HIST, ::history, terminal_->history);
  // Of narrow names el_set() makes copies that nobody frees.
  el_wset(edit, EL_ADDFN, L"files-complete", L"completes the word", &Terminal::on_complete);
  el_set(edit, EL_BIND, "^I", "files-complete", nullptr);
  el_wset(edit, EL_ADDFN, L"files-cancel", L"erases the line", &Terminal::on_cancel);
  // While a line is edited Ctrl-C is a key like any other; while a command runs, a signal.
  el_set(edit, EL_SETTY, "-d", "-isig", nullptr);
  el_set(edit, EL_BIND, "^C", "files-cancel", nullptr);
  el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::~LineEditor() {
  if (!terminal_) return;
  history_end(terminal_->history);
  el_end(terminal_->edit);
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  if (!terminal_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  terminal_->prompt = prompt;
  // Before the prompt is shown: el_gets() alone does it after, and keys that come in between are
  // taken as the terminal takes them while a command runs.
  el_set(terminal_->edit, EL_PREP_TERM, 1);
  int count = 0;
  const char* typed = el_gets(terminal_->edit, &count);
  if (typed == nullptr || count <= 0) {
    std::fputc('\n', stdout);
    return std::nullopt;
  }
  std::string line = without_newline(typed);
  if (line.find_first_not_of(' ') == std::string::npos) return line;
  HistEvent event;
  ::history(terminal_->history, &event, H_ENTER, line.c_str());
  ::history(terminal_->history, &event, H_SAVE, terminal_->file.c_str());
  ::chmod(terminal_->file.c_str(), 0600);
  return line;
}

}  // namespace files
