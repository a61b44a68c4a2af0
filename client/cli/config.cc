#include "client/cli/config.h"

#include <cstdlib>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/plain_file.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

tl::unexpected<Error> wrong(std::string_view source, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", source, what));
}

bool read_brokers(const toml::node& node, std::vector<std::string>& into) {
  if (const auto single = node.value<std::string>()) {
    into = {*single};
    return true;
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) return false;
  for (const toml::node& element : *array) {
    const auto endpoint = element.value<std::string>();
    if (!endpoint) return false;
    into.push_back(*endpoint);
  }
  return true;
}

std::optional<std::string>* text_setting(Config& config, std::string_view name) {
  if (name == "embedded") return &config.embedded;
  if (name == "bucket") return &config.bucket;
  if (name == "timeout") return &config.timeout;
  if (name == "level") return &config.level;
  if (name == "output") return &config.output;
  return nullptr;
}

Status read_setting(std::string_view name, const toml::node& node, std::string_view source,
                    Config& config) {
  if (name == "broker") {
    if (read_brokers(node, config.brokers)) return {};
    return wrong(source, "broker is neither an endpoint nor an array of endpoints");
  }
  if (name == "color") {
    config.color = node.value<bool>();
    if (config.color) return {};
    return wrong(source, "color is neither true nor false");
  }
  std::optional<std::string>* setting = text_setting(config, name);
  if (setting == nullptr) return wrong(source, fmt::format("unknown setting '{}'", name));
  *setting = node.value<std::string>();
  if (*setting) return {};
  return wrong(source, fmt::format("{} is no string: put its value in quotes", name));
}

// The library as Debian builds it throws; this is where that stops.
Result<toml::table> parse_table(std::string_view text, std::string_view source) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return wrong(source,
                 fmt::format("line {}: {}", error.source().begin.line, error.description()));
  }
}

std::filesystem::path home_folder(const char* variable, const char* below_home) {
  if (const auto folder = environment(variable)) return *folder;
  return std::filesystem::path(environment("HOME").value_or("/")) / below_home;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view source) {
  const auto table = parse_table(text, source);
  if (!table) return fail(table.error());
  Config config;
  for (const auto& [name, node] : *table) {
    if (auto status = read_setting(name.str(), node, source, config); !status) {
      return fail(status.error());
    }
  }
  return config;
}

Result<Config> load_config(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return Config{};
  const auto text = read_plain_file(file, kMostBytes);
  if (!text) return fail(with_aside(text.error(), file));
  return parse_config(*text, file.string());
}

std::filesystem::path config_home() {
  return home_folder("XDG_CONFIG_HOME", ".config");
}

std::filesystem::path state_home() {
  return home_folder("XDG_STATE_HOME", ".local/state");
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets it
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace kipu::cli
