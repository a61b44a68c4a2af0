#include "examples/files/words.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// What stands after a backslash, which is taken from `text`.
std::optional<char> take_escape(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const char letter = text[0];
  if (letter == 'x') {
    unsigned byte = 0;
    const char* digits = text.data() + 1;
    if (text.size() < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc{} || end != digits + 2) return std::nullopt;
    text.remove_prefix(3);
    return static_cast<char>(byte);
  }
  text.remove_prefix(1);
  if (letter == 'n') return '\n';
  if (letter == 't') return '\t';
  if (letter == 'r') return '\r';
  return is_letter_or_digit(letter) ? std::nullopt : std::optional(letter);
}

// Takes the word at the start of `text`, as far as it goes. REQUIRES: no blank there.
Status take_word(std::string_view& text, std::string& word) {
  char quote = '\0';
  while (!text.empty() && (quote != '\0' || !is_blank(text[0]))) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      const auto byte = take_escape(text);
      if (!byte) {
        return fail(ErrorCode::invalid_argument,
                    "a backslash begins no escape here: there are \\n \\t \\r \\xNN, and \\ before "
                    "a blank or a sign");
      }
      word += *byte;
    } else {
      word += c;
    }
  }
  if (quote == '\0') return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("a {} is not closed: put a backslash before it if it belongs to the name",
                          quote));
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (skip_blanks(line); !line.empty(); skip_blanks(line)) {
    std::string word;
    if (auto taken = take_word(line, word); !taken) return fail(std::move(taken).error());
    words.push_back(std::move(word));
  }
  return words;
}

Unfinished split_unfinished(std::string_view line) {
  Unfinished found;
  const std::string_view whole = line;
  for (skip_blanks(line); !line.empty(); skip_blanks(line)) {
    found.start = whole.size() - line.size();
    found.last.clear();
    const bool taken = take_word(line, found.last).has_value();
    if (!taken || line.empty()) return found;
    found.before.push_back(std::move(found.last));
  }
  found.last.clear();
  found.start = whole.size();
  return found;
}

std::string quote_word(std::string_view word) {
  if (word.empty()) return "''";
  const bool text = is_utf8(word);
  std::string out;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !text)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == ' ' || c == '\\' || c == '\'' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace files
