#include "client/cli/program.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "base/standard_streams.h"
#include "client/cli/handlers.h"
#include "client/cli/help.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

bool no_color() {
  return environment("NO_COLOR").has_value() || environment("TERM") == "dumb";
}

// How errors are shown before the settings are known: as far as the words say it.
Style early_style(const std::vector<std::string>& words) {
  Style style;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const bool named = words[i] == "-o" || words[i] == "--output";
    const std::string& value = named && i + 1 < words.size() ? words[i + 1] : words[i];
    if (value == "json" || value == "-ojson" || value == "--output=json") {
      style.format = Format::json;
    }
    if (value == "jsonl" || value == "-ojsonl" || value == "--output=jsonl") {
      style.format = Format::jsonl;
    }
  }
  return style;
}

Status check_operands(const Command& command, const Arguments& arguments) {
  const std::size_t given = arguments.operands().size();
  if (given >= command.least_operands && given <= command.most_operands) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} {}: {}; `kipu help {}` shows examples", command.name,
                          given < command.least_operands ? "needs more" : "takes no more",
                          usage_line(command), command.name));
}

// What the library says, and what to type, unless that was said.
Error with_remedy(const Context& context, Error error) {
  if (error.code == ErrorCode::unknown_bucket &&
      error.message.find("kipu bucket create") == std::string::npos) {
    error.message += ": `kipu bucket create NAME`";
  }
  // Where a cluster is unwell, `status` says why; what names a remedy has said it already.
  const bool asks_cluster = !context.settings.embedded && context.command.name != "up";
  if (error.code == ErrorCode::unavailable && asks_cluster &&
      error.message.find('`') == std::string::npos) {
    error.message += "; see `kipu status`";
  }
  error.message = over_same_cluster(context, error.message);
  return error;
}

Exit run_command(const Command& command, Arguments arguments, const Style& early) {
  const auto config = load_config(config_home() / "kipu.toml");
  if (!config) return report(config.error(), early);
  auto settings = settle(arguments, environment("KIPU_BROKER"), *config);
  if (!settings) return report(settings.error(), early);
  const Style style = style_of(*settings, isatty(STDOUT_FILENO) == 1, no_color());
  Output out(std::cout, style);
  if (arguments.has("help")) {
    out.write(help_text(command, style));
    return Exit::done;
  }
  if (auto status = check_operands(command, arguments); !status) {
    return report(status.error(), style);
  }
  Context context{command, std::move(arguments), *std::move(settings), out};
  const auto exit = command.run(context);
  out.flush();
  return exit ? *exit : report(with_remedy(context, exit.error()), style);
}

Exit without_command(const Arguments& arguments, std::span<const Command> table) {
  Settings settings;
  settings.color = !arguments.has("no-color");
  const Style style = style_of(settings, isatty(STDOUT_FILENO) == 1, no_color());
  Output out(std::cout, style);
  out.write(overview(table, style));
  return Exit::done;
}

}  // namespace

const Command* find_command(std::span<const Command> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Command::name);
  return found == table.end() ? nullptr : &*found;
}

Result<const Command*> resolve_command(std::span<const Command> table,
                                       std::span<const std::string> words, std::size_t& at) {
  const std::string& first = words[at++];
  if (const Command* command = find_command(table, first)) return command;
  std::vector<std::string> names;
  for (const Command& command : table) {
    if (command.name.starts_with(first + " ")) names.emplace_back(command.name);
  }
  if (names.empty()) {
    for (const Command& command : table) names.emplace_back(command.name);
    auto near = nearest(first, names);
    // `bukcet list`: the first word alone resembles no command.
    std::erase_if(names,
                  [](const std::string& name) { return name.find(' ') == std::string::npos; });
    if (!near && at < words.size()) {
      near = nearest(fmt::format("{} {}", first, words[at]), names);
    }
    return fail(ErrorCode::invalid_argument,
                near ? fmt::format("no command {}: did you mean `kipu {}`? `kipu help` lists all",
                                   in_quotes(first), *near)
                     : fmt::format("no command {}; `kipu help` lists them", in_quotes(first)));
  }
  const std::string both = fmt::format("{} {}", first, at < words.size() ? words[at] : "");
  if (const Command* command = find_command(table, both)) {
    ++at;
    return command;
  }
  const bool is_named = at < words.size() && !words[at].starts_with("-");
  const auto near = is_named ? nearest(both, names) : std::nullopt;
  if (near) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("no command {}: did you mean `kipu {}`?", in_quotes(both), *near));
  }
  std::string choices;
  for (const std::string& name : names) {
    choices += fmt::format("{}`kipu {}`", choices.empty() ? "" : ", ", name);
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("`kipu {}` needs one word more: {}; `kipu help {}` says what each does",
                          first, choices, first));
}

namespace {

Exit run_words(const std::vector<std::string>& words, const Style& early) {
  if (words.size() == 1 && words[0] == "--version") {
    std::cout << "kipu " KIPU_VERSION "\n";
    return Exit::done;
  }
  Arguments arguments;
  auto at = parse_words(words, common_options(), true, arguments);
  if (!at) return report(at.error(), early);
  if (*at == words.size()) return without_command(arguments, commands());
  const auto command = resolve_command(commands(), words, *at);
  if (!command) return report(command.error(), early);
  std::vector<OptionSpec> known((*command)->options.begin(), (*command)->options.end());
  known.insert(known.end(), common_options().begin(), common_options().end());
  const auto rest = std::span(words).subspan(*at);
  if (auto parsed = parse_words(rest, known, false, arguments); !parsed) {
    return report(parsed.error(), early);
  }
  return run_command(**command, std::move(arguments), early);
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
  const Style early = early_style(words);
  return run_main([&] { return static_cast<int>(run_words(words, early)); },
                  [&](const Error& error) { return static_cast<int>(report(error, early)); });
}

Exit report(const Error& error, const Style& style) {
  return report(ErrorReport{error, exit_of(error.code)}, style);
}

Exit report(const ErrorReport& result, const Style& style) {
  Style for_errors = style;
  for_errors.color = style.color && isatty(STDERR_FILENO) == 1;
  Output err(std::cerr, for_errors);
  show(err, result);
  return result.exit;
}

void report(const LinesReport& result, const Style& style) {
  Output err(std::cerr, style);
  show(err, result);
}

void note(const Style& style, std::string_view text) {
  if (style.quiet) return;
  Output err(std::cerr, style);
  err.write(text);
  err.write("\n");
}

}  // namespace kipu::cli
