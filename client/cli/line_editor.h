// A prompt with history and completion.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kipu::cli {

// On a terminal, by libedit; on anything else, lines of standard input, with no prompt.
// One at a time in a process: libedit's completion function takes no context.
class LineEditor {
 public:
  // What a line up to the cursor may go on with: whole last words.
  using Completer = std::function<std::vector<std::string>(const std::string& line)>;

  LineEditor(std::filesystem::path history, Completer completer);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  // The next line, or nothing at the end of input.
  std::optional<std::string> read(const std::string& prompt);
  bool interactive() const { return interactive_; }

 private:
  bool interactive_;
  std::filesystem::path history_;
};

}  // namespace kipu::cli
