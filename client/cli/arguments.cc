#include "client/cli/arguments.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

const OptionSpec* find_named(std::span<const OptionSpec> known, std::string_view name) {
  const auto found = std::ranges::find(known, name, &OptionSpec::name);
  return found == known.end() ? nullptr : &*found;
}

const OptionSpec* find_letter(std::span<const OptionSpec> known, char letter) {
  const auto found = std::ranges::find(known, letter, &OptionSpec::letter);
  return found == known.end() ? nullptr : &*found;
}

tl::unexpected<Error> unknown_option(std::string_view word, std::span<const OptionSpec> known) {
  std::vector<std::string> names;
  for (const OptionSpec& option : known) names.push_back(fmt::format("--{}", option.name));
  const auto near = nearest(word.substr(0, word.find('=')), names);
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("unknown option {}{} a key or value that starts with a dash goes after `--`",
                  in_quotes(word), near ? fmt::format(": did you mean {}? Else,", *near) : ";"));
}

// An option as one word gave it.
struct Given {
  const OptionSpec* option = nullptr;
  std::optional<std::string_view> value;
};

Result<Given> read_option(std::string_view word, std::span<const OptionSpec> known) {
  Given given;
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    given.option = find_named(known, word.substr(2, equals - 2));
    if (equals != std::string_view::npos) given.value = word.substr(equals + 1);
  } else {
    given.option = find_letter(known, word[1]);
    if (word.size() > 2) given.value = word.substr(2);
  }
  if (given.option == nullptr) return unknown_option(word, known);
  if (given.option->value.empty() && given.value) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--{} takes no value, but was given {}", given.option->name,
                            in_quotes(*given.value)));
  }
  return given;
}

}  // namespace

bool Arguments::has(std::string_view name) const {
  return get(name).has_value();
}

std::optional<std::string_view> Arguments::get(std::string_view name) const {
  const auto found = std::find_if(options_.rbegin(), options_.rend(),
                                  [&](const auto& option) { return option.first == name; });
  if (found == options_.rend()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [option, value] : options_) {
    if (option == name) found.push_back(value);
  }
  return found;
}

void Arguments::add_option(std::string_view name, std::string value) {
  options_.emplace_back(name, std::move(value));
}

Result<std::size_t> parse_words(std::span<const std::string> words,
                                std::span<const OptionSpec> known, bool stop_at_operand,
                                Arguments& into) {
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!options_ended && word == "--") {
      options_ended = true;
      into.end_options();
      continue;
    }
    if (options_ended || word.size() < 2 || word[0] != '-') {
      if (stop_at_operand) return i;
      into.add_operand(word);
      continue;
    }
    auto given = read_option(word, known);
    if (!given) return fail(given.error());
    const OptionSpec& option = *given->option;
    if (!option.value.empty() && !given->value) {
      if (i + 1 == words.size()) {
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("--{} needs a value: --{} {}", option.name, option.name, option.value));
      }
      given->value = words[++i];
    }
    into.add_option(option.name, std::string(given->value.value_or("")));
  }
  return words.size();
}

}  // namespace kipu::cli
