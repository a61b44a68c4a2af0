// Bytes as text: for terminals, for messages, and in base 64.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kipu::cli {

// Well-formed UTF-8 (Unicode 15, table 3-7), NUL included.
[[nodiscard]] bool is_utf8(std::string_view bytes);

// For a terminal: control characters and whatever is not UTF-8 as \xNN, and a backslash as `\\`, so
// that the bytes can be told from what is shown.
void append_printable(std::string& out, std::string_view bytes);
[[nodiscard]] std::string printable(std::string_view bytes);

// `bytes` for a message: printable, in single quotes, cut to some 60 characters.
[[nodiscard]] std::string in_quotes(std::string_view bytes);

// The columns that `text`, which is printable UTF-8, takes on a terminal; a code point counts one.
[[nodiscard]] std::size_t columns(std::string_view text);

// `text`, which is printable, in lines of at most `width` columns, the first of which has `lead`
// before it and each other as many spaces. What stands between backquotes is for copying and is not
// broken, nor is a word: such a line may be longer.
[[nodiscard]] std::string in_lines(std::string_view text, std::string_view lead, std::size_t width);

void append_base64(std::string& out, std::string_view bytes);
// Nothing if `text` is no base 64 (RFC 4648, section 4, with padding, and no bits past the bytes).
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

// Of `candidates` the one nearest to `word` by edits, if near enough that it may have been meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

}  // namespace kipu::cli
