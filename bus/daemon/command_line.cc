#include "bus/daemon/command_line.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "bus/daemon/settings.h"

namespace kipu::daemon {
namespace {

constexpr int kWrongUsage = 2;

// What the command line said, before any of it is set.
struct Given {
  explicit Given(const Command& from) : command(&from), texts(from.options.size()) {}

  const Command* command;
  std::vector<std::string> texts;  // one per option
  std::vector<CLI::Option*> options;
  std::string config_file;
};

void declare(CLI::App& app, Given& given) {
  for (std::size_t at = 0; at < given.texts.size(); ++at) {
    const Option& option = given.command->options[at];
    CLI::Option* declared = option.value.empty()
                                ? app.add_flag("--" + option.name, given.texts[at], option.help)
                                : app.add_option("--" + option.name, given.texts[at], option.help);
    if (!option.value.empty()) declared->type_name(option.value);
    given.options.push_back(declared);
  }
  app.add_option("--config", given.config_file, "read options from a TOML file, by the same names")
      ->type_name("FILE");
}

std::string described(const Command& command) {
  return command.summary + "\n\nExamples:\n" + command.examples + "\n";
}

// A command that is named.
struct Subcommand {
  Subcommand(CLI::App& parent, const Program::Other& other)
      : word(other.word),
        app(parent.add_subcommand(other.word, other.command.summary)),
        given(other.command) {
    declare(*app, given);
  }
  Subcommand(const Subcommand&) = delete;  // CLI11 writes to where it is
  Subcommand& operator=(const Subcommand&) = delete;
  // For its own help alone: that of the whole program shows one line of it.
  void describe() const {
    if (app->parsed()) app->description(described(*given.command));
  }

  std::string word;
  CLI::App* app;
  Given given;
};

// A file may hold the options of all commands, so that one file serves them all.
Result<std::map<std::string, Setting>> read_config(const Program& program,
                                                   const std::string& file) {
  std::map<std::string, Setting> by_name;
  if (file.empty()) return by_name;
  auto settings = read_settings(file);
  if (!settings) return fail(settings.error());
  const auto has = [](const Command& command, const std::string& name) {
    return std::ranges::any_of(command.options,
                               [&](const Option& option) { return option.name == name; });
  };
  const auto known = [&](const std::string& name) {
    return has(program.serve, name) ||
           std::ranges::any_of(program.others, [&](const Program::Other& other) {
             return has(other.command, name);
           });
  };
  for (Setting& setting : *settings) {
    if (!known(setting.name)) {
      return fail(ErrorCode::invalid_argument,
                  setting.place + ": " + program.name + " has no option '" + setting.name + "'");
    }
    by_name.insert_or_assign(setting.name, std::move(setting));
  }
  return by_name;
}

Status set_option(const Option& option, const CLI::Option& declared, const std::string& text,
                  const std::map<std::string, Setting>& config) {
  if (declared.count() > 0) {
    auto set = option.set(text);
    if (!set) return fail(set.error().code, "--" + option.name + ": " + set.error().message);
    return {};
  }
  const auto found = config.find(option.name);
  if (found != config.end()) {
    auto set = option.set(found->second.value);
    if (set) return {};
    return fail(set.error().code,
                found->second.place + ": " + option.name + ": " + set.error().message);
  }
  if (!option.required) return {};
  return fail(ErrorCode::invalid_argument, "--" + option.name + " " + option.value + " is missing");
}

Status set_all(const Program& program, const Given& given) {
  const auto config = read_config(program, given.config_file);
  if (!config) return fail(config.error());
  for (std::size_t at = 0; at < given.texts.size(); ++at) {
    auto set = set_option(given.command->options[at], *given.options[at], given.texts[at], *config);
    if (!set) return set;
  }
  return {};
}

Parsed wrong_usage(const Program& program, const std::string& what) {
  std::cerr << program.name + ": " + what + " (see " + program.name + " --help)\n";
  return {Action::exit, {}, kWrongUsage};
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const auto count = parse_number<std::uint32_t>(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  if (!count) return std::nullopt;
  // Longer ones serve nothing, and multiples of them might not fit a Duration.
  constexpr Duration kLongest = std::chrono::hours(24);
  const auto times = [&](Duration length) {
    return *count <= kLongest / length ? std::optional(length * *count) : std::nullopt;
  };
  if (unit == "ms") return times(std::chrono::milliseconds(1));
  if (unit == "s") return times(std::chrono::seconds(1));
  if (unit == "m") return times(std::chrono::minutes(1));
  if (unit == "h") return times(std::chrono::hours(1));
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const auto count = parse_number<std::uint32_t>(text.substr(0, digits));
  if (!count) return std::nullopt;
  if (digits == std::string_view::npos) return *count;
  const std::string_view unit = text.substr(digits);
  const std::uint64_t bytes = *count;
  if (unit == "KiB") return bytes << 10U;
  if (unit == "MiB") return bytes << 20U;
  if (unit == "GiB") return bytes << 30U;
  return std::nullopt;
}

}  // namespace

Option text_option(std::string name, std::string value, std::string help, std::string& into) {
  const auto set = [&into](const std::string& text) -> Status {
    if (text.empty()) return fail(ErrorCode::invalid_argument, "is empty");
    into = text;
    return {};
  };
  return {std::move(name), std::move(value), std::move(help), set};
}

Option number_option(std::string name, std::string help, Range range, std::uint32_t& into) {
  const auto set = [&into, range](const std::string& text) -> Status {
    const auto number = parse_number<std::uint32_t>(text);
    if (!number || *number < range.least || *number > range.most) {
      return fail(ErrorCode::invalid_argument, "'" + text + "' is no number from " +
                                                   std::to_string(range.least) + " to " +
                                                   std::to_string(range.most));
    }
    into = *number;
    return {};
  };
  return {std::move(name), "N", std::move(help), set};
}

Option duration_option(std::string name, std::string help, Duration& into) {
  const auto set = [&into](const std::string& text) -> Status {
    const auto duration = parse_duration(text);
    if (!duration || *duration <= Duration::zero()) {
      return fail(ErrorCode::invalid_argument,
                  "'" + text + "' is no length of time up to a day, such as 250ms, 5s, 10m or 2h");
    }
    into = *duration;
    return {};
  };
  return {std::move(name), "DURATION", std::move(help), set};
}

Option size_option(std::string name, std::string help, std::uint64_t& into) {
  const auto set = [&into](const std::string& text) -> Status {
    const auto size = parse_size(text);
    if (!size) {
      return fail(ErrorCode::invalid_argument,
                  "'" + text + "' is no size, such as 4096, 64KiB, 256MiB or 1GiB");
    }
    into = *size;
    return {};
  };
  return {std::move(name), "SIZE", std::move(help), set};
}

Option level_option(std::string name, std::string help, LogLevel& into) {
  const auto set = [&into](const std::string& text) -> Status {
    static const std::map<std::string, LogLevel> levels = {{"debug", LogLevel::debug},
                                                           {"info", LogLevel::info},
                                                           {"warning", LogLevel::warning},
                                                           {"error", LogLevel::error}};
    const auto found = levels.find(text);
    if (found == levels.end()) {
      return fail(ErrorCode::invalid_argument,
                  "'" + text + "' is none of debug, info, warning, error");
    }
    into = found->second;
    return {};
  };
  return {std::move(name), "LEVEL", std::move(help), set};
}

Option switch_option(std::string name, std::string help, bool& into) {
  const auto set = [&into](const std::string& text) -> Status {
    if (text != "true" && text != "false") {
      return fail(ErrorCode::invalid_argument, "'" + text + "' is neither true nor false");
    }
    into = text == "true";
    return {};
  };
  return {std::move(name), "", std::move(help), set};
}

Option required(Option option) {
  option.required = true;
  return option;
}

Parsed parse_command_line(const Program& program, int argc, const char* const* argv) {
  CLI::App app(described(program.serve), program.name);
  std::list<Subcommand> others;
  for (const Program::Other& other : program.others) others.emplace_back(app, other);
  Given serve_given(program.serve);
  declare(app, serve_given);
  app.set_version_flag("--version", program.name + " " + KIPU_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    for (const Subcommand& other : others) other.describe();
    return {Action::exit, {}, app.exit(done)};
  } catch (const CLI::ParseError& error) {
    return wrong_usage(program, error.what());
  }
  const auto named =
      std::ranges::find_if(others, [](const Subcommand& other) { return other.app->parsed(); });
  const bool serves = named == others.end();
  const auto set = set_all(program, serves ? serve_given : named->given);
  if (!set) return wrong_usage(program, set.error().message);
  if (serves) return {Action::serve};
  return {Action::other, named->word};
}

}  // namespace kipu::daemon
