// What every command takes, settled: a flag beats the environment, which beats the config file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/arguments.h"
#include "client/cli/config.h"
#include "client/cli/output.h"
#include "kipu/client.h"

namespace kipu::cli {

// The options that stand with any command, before or after its name.
[[nodiscard]] std::span<const OptionSpec> common_options();

struct Settings {
  std::vector<std::string> brokers = {"tcp://127.0.0.1:7400"};
  std::optional<std::string> embedded;  // a directory; then `brokers` is not used
  std::string bucket = "default";
  std::optional<Duration> timeout;  // if given
  Level level = Level::bucket_default;
  std::optional<Format> format;  // if given
  bool null_terminated = false;
  bool quiet = false;
  bool color = true;

  void apply(CallOptions& call) const;
};

// `invalid_argument` if anything is out of its range. `broker_variable` is KIPU_BROKER's value:
// endpoints, separated by commas.
[[nodiscard]] Result<Settings> settle(const Arguments& arguments,
                                      const std::optional<std::string>& broker_variable,
                                      const Config& config);

// How to write to standard output. `no_color` is whether the environment forbids colours.
[[nodiscard]] Style style_of(const Settings& settings, bool terminal, bool no_color);

// `none` is no level to read at.
[[nodiscard]] Status check_read_level(const Settings& settings);

}  // namespace kipu::cli
