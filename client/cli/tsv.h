// Lines of `key TAB value`, in which `\t`, `\n`, `\r` and `\\` stand for those bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kipu::cli {

struct TsvRecord {
  std::string_view key;
  std::string_view value;
};

// Takes one line apart, without its newline. The views point into `line`, or into `scratch` where
// something was escaped. `malformed` says what is wrong with it.
[[nodiscard]] Result<TsvRecord> parse_tsv(std::string_view line, std::string& scratch);

// One line, newline included.
void append_tsv(std::string& out, std::string_view key, std::string_view value);

}  // namespace kipu::cli
