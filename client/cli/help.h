// What `kipu`, `kipu help` and `--help` print.
#pragma once

#include <span>
#include <string>

#include "client/cli/output.h"
#include "client/cli/program.h"

namespace kipu::cli {

[[nodiscard]] std::string overview(std::span<const Command> table, const Style& style);
// Of the commands of two words that begin with `first`; empty if there are none.
[[nodiscard]] std::string group_help(std::span<const Command> table, std::string_view first,
                                     const Style& style);
// Examples first.
[[nodiscard]] std::string help_text(const Command& command, const Style& style);
[[nodiscard]] std::string usage_line(const Command& command);

// A completion script for `shell`: bash, zsh or fish; empty for any other.
[[nodiscard]] std::string completion_script(std::span<const Command> table, std::string_view shell);

}  // namespace kipu::cli
