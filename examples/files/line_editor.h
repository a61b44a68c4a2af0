// A prompt with line editing, history and completion, by libedit; on anything but a terminal, lines
// of standard input, without a prompt.
//
// Thread rule: one thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "examples/files/completion.h"

namespace files {

class LineEditor {
 public:
  using Completer = std::function<Completions(std::string_view line)>;

  // `history` is read, and written with each line.
  LineEditor(std::filesystem::path history, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool interactive() const { return terminal_ != nullptr; }
  // The next line, or nothing at the end of input.
  [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;  // none: standard input is no terminal
};

}  // namespace files
