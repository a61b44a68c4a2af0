#include "client/cli/tsv.h"

#include <fmt/format.h>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

char unescaped(char letter) {
  switch (letter) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    default:
      return '\0';
  }
}

Status unescape(std::string_view field, std::string& out) {
  while (true) {
    const std::size_t backslash = field.find('\\');
    out += field.substr(0, backslash);
    if (backslash == std::string_view::npos) return {};
    const char byte = backslash + 1 < field.size() ? unescaped(field[backslash + 1]) : '\0';
    if (byte == '\0') {
      return fail(ErrorCode::malformed,
                  fmt::format("{} is no escape: only \\t, \\n, \\r and \\\\ are",
                              in_quotes(field.substr(backslash, 2))));
    }
    out += byte;
    field.remove_prefix(backslash + 2);
  }
}

void append_escaped(std::string& out, std::string_view field) {
  static constexpr std::string_view kSpecial = "\t\n\r\\";
  static constexpr std::string_view kLetters = "tnr\\";
  while (true) {
    const std::size_t at = field.find_first_of(kSpecial);
    out += field.substr(0, at);
    if (at == std::string_view::npos) return;
    out += '\\';
    out += kLetters[kSpecial.find(field[at])];
    field.remove_prefix(at + 1);
  }
}

}  // namespace

Result<TsvRecord> parse_tsv(std::string_view line, std::string& scratch) {
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
  append_escaped(out, key);
  out += '\t';
  append_escaped(out, value);
  out += '\n';
}

}  // namespace kipu::cli
