// `$XDG_CONFIG_HOME/kipu.toml`: the same names as the flags that every command takes.
//
//   broker = "tcp://10.0.0.7:7400"     # or an array of endpoints
//   bucket = "default"
//   timeout = "5s"
//   level = "quorum"
//   output = "text"
//   color = true
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace kipu::cli {

struct Config {
  std::vector<std::string> brokers;
  std::optional<std::string> embedded;
  std::optional<std::string> bucket;
  std::optional<std::string> timeout;
  std::optional<std::string> level;
  std::optional<std::string> output;
  std::optional<bool> color;
};

// `invalid_argument`, with the place, if the text is no TOML, or a name is unknown or of a wrong
// type; `source` is what messages call it.
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view source);

// Empty if there is no such file; `io_error` if it cannot be read.
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file);

// `$XDG_CONFIG_HOME` or else `~/.config`; likewise for what programs remember and keep.
[[nodiscard]] std::filesystem::path config_home();
[[nodiscard]] std::filesystem::path state_home();

// The environment's variable, if set and not empty.
[[nodiscard]] std::optional<std::string> environment(const char* name);

}  // namespace kipu::cli
