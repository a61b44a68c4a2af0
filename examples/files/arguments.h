// Words of a command line: options and operands.
//
// Written by hand because names of files are any bytes, which have to come through untouched.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace files {

struct OptionSpec {
  std::string_view name;   // without its dashes
  char letter = '\0';      // if it has a short form
  std::string_view value;  // what to call its value; empty: it has none
  std::string_view help;
};

struct Arguments {
  std::vector<std::string> operands;
  std::map<std::string, std::vector<std::string>, std::less<>> options;

  bool has(std::string_view name) const { return options.contains(name); }
  // Of an option that was given more than once, the last.
  std::optional<std::string> value(std::string_view name) const;
};

// `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`; after `--` all are operands.
// `invalid_argument`, with the nearest option, if one is unknown or lacks its value.
[[nodiscard]] kipu::Result<Arguments> parse_arguments(std::span<const std::string> words,
                                                      std::span<const OptionSpec> known);

}  // namespace files
