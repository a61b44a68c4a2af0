#include "client/cli/settings.h"

#include <array>

#include <fmt/format.h>

#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::array kCommon{
    OptionSpec{"broker", '\0', "ENDPOINT", "a broker, such as tcp://127.0.0.1:7400; repeatable"},
    OptionSpec{"embedded", '\0', "DIR", "no server: the store in DIR, opened by this process"},
    OptionSpec{"bucket", '\0', "NAME", "the bucket (default)"},
    OptionSpec{"timeout", '\0', "DURATION", "for each request (5s)"},
    OptionSpec{"level", '\0', "LEVEL",
               "how many replicas: one, quorum, all; writes also none (the bucket's)"},
    OptionSpec{"output", 'o', "FORMAT", "text, raw, jsonl or json"},
    OptionSpec{"null", '0', "", "values end with NUL instead of a newline"},
    OptionSpec{"quiet", 'q', "", "nothing but data and errors"},
    OptionSpec{"no-color", '\0', "", "no colours, as with NO_COLOR"},
    OptionSpec{"help", 'h', "", "examples, options, and what the command does"},
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t at = text.find(separator);
    if (at != 0) parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  }
  return parts;
}

std::optional<std::string> pick(const Arguments& arguments, std::string_view flag,
                                const std::optional<std::string>& otherwise) {
  if (const auto given = arguments.get(flag)) return std::string(*given);
  return otherwise;
}

// What was parsed of a setting: an error says whether the command line or the config file has it.
template <class T>
Result<T> of_setting(const Arguments& arguments, std::string_view name, Result<T> parsed) {
  if (parsed || arguments.has(name)) return of_option(name, std::move(parsed));
  return fail(parsed.error().code,
              fmt::format("{} in kipu.toml: {}", name, parsed.error().message));
}

Result<Format> parse_format(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "raw") return Format::raw;
  if (text == "jsonl") return Format::jsonl;
  if (text == "json") return Format::json;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no format: write text, raw, jsonl or json", in_quotes(text)));
}

Result<std::string> parse_bucket_name(std::string_view text) {
  if (is_bucket_name(text)) return std::string(text);
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no bucket name: 1 to 64 of A-Z a-z 0-9 . _ -", in_quotes(text)));
}

Status settle_place(const Arguments& arguments, const std::optional<std::string>& broker_variable,
                    const Config& config, Settings& settings) {
  const bool broker_given = arguments.has("broker");
  if (broker_given && arguments.has("embedded")) {
    return fail(ErrorCode::invalid_argument, "--broker and --embedded exclude each other");
  }
  if (arguments.has("embedded")) {
    settings.embedded = std::string(*arguments.get("embedded"));
  } else if (broker_given) {
    settings.brokers = arguments.all("broker");
  } else if (broker_variable) {
    settings.brokers = split(*broker_variable, ',');
  } else if (!config.brokers.empty()) {
    settings.brokers = config.brokers;
  } else {
    settings.embedded = config.embedded;
  }
  if (settings.embedded && settings.embedded->empty()) {
    return fail(ErrorCode::invalid_argument, "--embedded needs a directory");
  }
  return {};
}

Status settle_calls(const Arguments& arguments, const Config& config, Settings& settings) {
  if (const auto bucket = pick(arguments, "bucket", config.bucket)) {
    auto parsed = of_setting(arguments, "bucket", parse_bucket_name(*bucket));
    if (!parsed) return fail(parsed.error());
    settings.bucket = *std::move(parsed);
  }
  if (const auto timeout = pick(arguments, "timeout", config.timeout)) {
    const auto parsed = of_setting(arguments, "timeout", parse_duration(*timeout));
    if (!parsed) return fail(parsed.error());
    settings.timeout = *parsed;
  }
  if (const auto level = pick(arguments, "level", config.level)) {
    const auto parsed = of_setting(arguments, "level", parse_level(*level));
    if (!parsed) return fail(parsed.error());
    settings.level = *parsed;
  }
  return {};
}

}  // namespace

std::span<const OptionSpec> common_options() {
  return kCommon;
}

void Settings::apply(CallOptions& call) const {
  call.bucket = bucket;
  call.timeout = timeout;
  call.level = level;
}

Result<Settings> settle(const Arguments& arguments,
                        const std::optional<std::string>& broker_variable, const Config& config) {
  Settings settings;
  if (auto status = settle_place(arguments, broker_variable, config, settings); !status) {
    return fail(status.error());
  }
  if (auto status = settle_calls(arguments, config, settings); !status) {
    return fail(status.error());
  }
  if (const auto output = pick(arguments, "output", config.output)) {
    const auto format = of_setting(arguments, "output", parse_format(*output));
    if (!format) return fail(format.error());
    settings.format = *format;
  }
  settings.null_terminated = arguments.has("null");
  settings.quiet = arguments.has("quiet");
  settings.color = !arguments.has("no-color") && config.color.value_or(true);
  return settings;
}

Style style_of(const Settings& settings, bool terminal, bool no_color) {
  Style style;
  style.terminal = terminal;
  style.format = settings.format.value_or(Format::text);
  // What is made for eyes is of no use to the next program.
  if (style.format == Format::text && !terminal) style.format = Format::raw;
  if (settings.null_terminated && style.format == Format::text) style.format = Format::raw;
  style.color = terminal && settings.color && !no_color && style.format == Format::text;
  style.quiet = settings.quiet;
  style.terminator = settings.null_terminated ? '\0' : '\n';
  return style;
}

Status check_read_level(const Settings& settings) {
  if (settings.level != Level::none) return {};
  return fail(ErrorCode::invalid_argument,
              "--level none is for writes: read at one, quorum or all");
}

}  // namespace kipu::cli
