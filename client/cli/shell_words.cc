#include "client/cli/shell_words.h"

#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// The byte that the escape at the start of `text` (after its backslash) stands for; takes it.
std::optional<char> take_escape(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const char letter = text[0];
  if (letter == 'x') {
    if (text.size() < 3) return std::nullopt;
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
    if (error != std::errc{} || end != text.data() + 3) return std::nullopt;
    text.remove_prefix(3);
    return static_cast<char>(byte);
  }
  text.remove_prefix(1);
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    default:
      break;
  }
  if (std::isalnum(static_cast<unsigned char>(letter)) != 0) return std::nullopt;
  return letter;
}

// One word at the start of `text`, which is left with what follows it. REQUIRES: no blank there.
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
        return fail(ErrorCode::malformed,
                    "a backslash begins no escape here: \\n \\t \\r \\xNN, or before a sign");
      }
      word += *byte;
    } else {
      word += c;
    }
  }
  if (quote == '\0') return {};
  return fail(ErrorCode::malformed, fmt::format("a {} is not closed", quote));
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    while (!line.empty() && is_blank(line[0])) line.remove_prefix(1);
    if (line.empty()) return words;
    std::string word;
    if (auto status = take_word(line, word); !status) return fail(status.error());
    words.push_back(std::move(word));
  }
}

std::string quote_word(std::string_view word) {
  bool plain = !word.empty();
  for (const char c : word) {
    plain = plain && static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\'' && c != '\\' &&
            static_cast<unsigned char>(c) < 0x7F;
  }
  if (plain) return std::string(word);
  std::string out = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace kipu::cli
