// Flat TOML files of names and values: config files, and the broker's own file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace kipu::daemon {

struct Setting {
  std::string name;
  std::string value;  // of a string, a whole number or a boolean, as text
  std::string place;  // FILE:LINE, for messages
};

// `io_error` if it cannot be read, `invalid_argument` with file and line if it is not such a file.
[[nodiscard]] Result<std::vector<Setting>> read_settings(const std::filesystem::path& file);

}  // namespace kipu::daemon
