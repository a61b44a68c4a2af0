#include "client/cli/record_line.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

struct Mark {
  std::string_view bytes;
  std::string_view encoding;
};

// The longer ones first: UTF-32 begins as UTF-16 does.
constexpr std::array kMarks{
    Mark{{"\xFF\xFE\0\0", 4}, "UTF-32"}, Mark{{"\0\0\xFE\xFF", 4}, "UTF-32"},
    Mark{"\xFF\xFE", "UTF-16"},          Mark{"\xFE\xFF", "UTF-16"},
    Mark{kByteOrderMark, "UTF-8"},
};

const Mark* find_mark(std::string_view text) {
  const auto* const found =
      std::ranges::find_if(kMarks, [&](const Mark& mark) { return text.starts_with(mark.bytes); });
  return found == kMarks.end() ? nullptr : found;
}

// Whether each of the first letters has a zero beside it: at `zero` of its two bytes.
bool is_of_two_bytes(std::string_view line, std::size_t zero) {
  constexpr std::size_t kLooked = 8;
  const std::string_view start = line.substr(0, std::min(kLooked, line.size() / 2 * 2));
  for (std::size_t i = 0; i < start.size(); ++i) {
    if ((start[i] == '\0') != (i % 2 == zero)) return false;
  }
  return !start.empty();
}

// How a file that begins so is encoded, if not as UTF-8 or plain bytes. Without a mark, it shows by
// the zeros beside its letters.
std::optional<std::string_view> other_encoding(std::string_view line) {
  const Mark* const mark = find_mark(line);
  if (mark != nullptr) {
    return mark->bytes == kByteOrderMark ? std::nullopt : std::optional(mark->encoding);
  }
  if (is_of_two_bytes(line, 0)) return "UTF-16BE";
  return is_of_two_bytes(line, 1) ? std::optional<std::string_view>("UTF-16LE") : std::nullopt;
}

}  // namespace

std::string_view encoding_mark(std::string_view text) {
  const Mark* const mark = find_mark(text);
  return text.substr(0, mark == nullptr ? 0 : mark->bytes.size());
}

Result<std::string_view> record_text(std::string_view line, std::uint64_t number, char terminator) {
  if (number == 1) {
    if (const auto encoding = other_encoding(line)) {
      return fail(ErrorCode::unsupported,
                  fmt::format("the file is {0}: make it UTF-8 first, with `iconv -f {0} -t UTF-8`",
                              *encoding));
    }
    line.remove_prefix(encoding_mark(line).size());
  }
  if (terminator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_blank_json(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace kipu::cli
