#include "client/cli/tsv.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "client/cli/record_line.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

// The byte that the escape at the start of `field` stands for, and how long the escape is: 0 if it
// is none.
struct Escape {
  char byte = '\0';
  std::size_t size = 0;
};

Escape read_escape(std::string_view field) {
  const char letter = field.size() > 1 ? field[1] : '\0';
  switch (letter) {
    case 't':
      return {'\t', 2};
    case 'n':
      return {'\n', 2};
    case 'r':
      return {'\r', 2};
    case '\\':
      return {'\\', 2};
    case 'x':
      break;
    default:
      return {};
  }
  std::uint8_t byte = 0;
  const std::string_view digits = field.substr(2, 2);
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, byte, 16);
  if (digits.size() != 2 || read.ec != std::errc() || read.ptr != end) return {};
  return {static_cast<char>(byte), 4};
}

Status unescape(std::string_view field, std::string& out) {
  while (true) {
    const std::size_t backslash = field.find('\\');
    out += field.substr(0, backslash);
    if (backslash == std::string_view::npos) return {};
    field.remove_prefix(backslash);
    const Escape escape = read_escape(field);
    if (escape.size == 0) {
      return fail(ErrorCode::malformed,
                  fmt::format("{} is no escape: only \\t, \\n, \\r, \\\\ and \\xNN are",
                              in_quotes(field.substr(0, 2))));
    }
    out += escape.byte;
    field.remove_prefix(escape.size);
  }
}

void append_hex(std::string& out, std::string_view bytes) {
  for (const char byte : bytes) {
    fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<std::uint8_t>(byte));
  }
}

void append_escaped(std::string& out, std::string_view field) {
  static constexpr std::string_view kSpecial("\t\n\r\\\0", 5);
  static constexpr std::array<std::string_view, 5> kEscapes{"\\t", "\\n", "\\r", "\\\\", "\\x00"};
  while (true) {
    const std::size_t at = field.find_first_of(kSpecial);
    out += field.substr(0, at);
    if (at == std::string_view::npos) return;
    out += kEscapes[kSpecial.find(field[at])];
    field.remove_prefix(at + 1);
  }
}

Status check_raw(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) {
    return fail(
        ErrorCode::malformed,
        "a byte order mark in front of the key: where it is the key's, write \\xEF\\xBB\\xBF");
  }
  if (line.find('\r') != std::string_view::npos) {
    return fail(ErrorCode::malformed, "a CR within the line: where it is the value's, write \\r");
  }
  if (line.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::malformed, "a NUL byte: where it is the value's, write \\x00");
  }
  return {};
}

}  // namespace

Result<TsvRecord> parse_tsv(std::string_view line, std::string& scratch) {
  if (auto status = check_raw(line); !status) return fail(status.error());
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return fail(ErrorCode::malformed, "no TAB after the key");
  if (tab == 0) return fail(ErrorCode::malformed, "the key is empty");
  const TsvRecord raw{line.substr(0, tab), line.substr(tab + 1)};
  if (raw.value.find('\t') != std::string_view::npos) {
    return fail(ErrorCode::malformed, "a second TAB: one within a value is written \\t");
  }
  if (line.find('\\') == std::string_view::npos) return raw;
  scratch.clear();
  if (auto status = unescape(raw.key, scratch); !status) return fail(status.error());
  const std::size_t key_size = scratch.size();
  if (auto status = unescape(raw.value, scratch); !status) return fail(status.error());
  const std::string_view both = scratch;
  return TsvRecord{both.substr(0, key_size), both.substr(key_size)};
}

void append_tsv(std::string& out, std::string_view key, std::string_view value) {
  const std::string_view mark = encoding_mark(key);
  append_hex(out, mark);
  append_escaped(out, key.substr(mark.size()));
  out += '\t';
  append_escaped(out, value);
  out += '\n';
}

}  // namespace kipu::cli
