// What stands between a line of a file and its record: how the file is encoded, and how it ends its
// lines.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace kipu::cli {

// Of a UTF-8 file, which needs none; Windows writes it all the same.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The bytes at the start of `text` that would be taken for a mark of how a file is encoded: of
// UTF-8, UTF-16 or UTF-32. Empty if there are none.
[[nodiscard]] std::string_view encoding_mark(std::string_view text);

// The line without its CR, where it ends with CRLF, and, if it is the file's first (`number` 1),
// without a byte order mark. `unsupported` if a first line shows that the file is UTF-16 or UTF-32,
// so that none of its lines is what it seems.
[[nodiscard]] Result<std::string_view> record_text(std::string_view line, std::uint64_t number,
                                                   char terminator);

// Whether it has nothing but what JSON calls whitespace.
[[nodiscard]] bool is_blank_json(std::string_view text);

}  // namespace kipu::cli
