// Lines of `key TAB value`, in which `\t`, `\n`, `\r`, `\\` and `\xNN` stand for those bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kipu::cli {

struct TsvRecord {
  std::string_view key;
  std::string_view value;
};

// Takes one line apart, without its end. The views point into `line`, or into `scratch` where
// something was escaped. `malformed` says what is wrong with it: a CR or a NUL too, which are
// escaped where a key or a value has them, and else come from line ends and encodings that were not
// meant to be stored; and a byte order mark in front of the key, for the same reason.
[[nodiscard]] Result<TsvRecord> parse_tsv(std::string_view line, std::string& scratch);

// One line, newline included. However a key begins, the line is not taken for the beginning of a
// file that has a byte order mark.
void append_tsv(std::string& out, std::string_view key, std::string_view value);

}  // namespace kipu::cli
