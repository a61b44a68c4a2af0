// What `import` and `export` were asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/cli/arguments.h"

namespace kipu::cli {

enum class RecordFormat { tsv, jsonl };

// From --format; else by the name: `.tsv` is tsv, anything else jsonl.
[[nodiscard]] Result<RecordFormat> record_format(const Arguments& arguments,
                                                 std::string_view file_name);

struct ImportRequest {
  std::string file;  // `-`: standard input
  RecordFormat format = RecordFormat::jsonl;
  std::optional<std::string> once;
  std::size_t jobs = 1;
  bool skip_bad = false;
};

[[nodiscard]] Result<ImportRequest> parse_import(const Arguments& arguments);

}  // namespace kipu::cli
