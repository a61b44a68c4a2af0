#include "examples/callgraph/program/arguments.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace callgraph {
namespace {

constexpr std::string_view kCommon = "broker embedded graph help";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(separator), text.size());
    if (at != 0) parts.emplace_back(text.substr(0, at));
    text.remove_prefix(std::min(at + 1, text.size()));
  }
  return parts;
}

bool among(std::string_view words, std::string_view word) {
  const auto parts = split(words, ' ');
  return std::ranges::find(parts, word) != parts.end();
}

kipu::Error wrong(std::string message) {
  return {kipu::ErrorCode::invalid_argument, std::move(message)};
}

// `--depth=3`, `--depth 3`, `-o json`, `-ojson`.
struct Spelled {
  const OptionSpec* spec = nullptr;
  std::optional<std::string> value;
};

Spelled spelled(std::string_view word) {
  if (!word.starts_with("--")) {
    Spelled found{option_lettered(word[1]), {}};
    if (word.size() > 2) found.value = std::string(word.substr(2));
    return found;
  }
  const std::size_t equals = word.find('=');
  Spelled found{option_named(word.substr(2, equals == word.npos ? word.npos : equals - 2)), {}};
  if (equals != word.npos) found.value = std::string(word.substr(equals + 1));
  return found;
}

}  // namespace

const CommandSpec* command_named(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &CommandSpec::name);
  return found == commands().end() ? nullptr : &*found;
}

const OptionSpec* option_named(std::string_view name) {
  const auto found = std::ranges::find(options(), name, &OptionSpec::name);
  return found == options().end() ? nullptr : &*found;
}

const OptionSpec* option_lettered(char letter) {
  const auto found = std::ranges::find(options(), letter, &OptionSpec::letter);
  return letter == '\0' || found == options().end() ? nullptr : &*found;
}

bool takes(const CommandSpec& command, std::string_view option) {
  return among(command.options, option) || among(kCommon, option);
}

kipu::Result<Arguments> Arguments::parse(std::span<const std::string> words) {
  Arguments arguments;
  bool only_operands = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (!only_operands && word == "--") {
      only_operands = true;
    } else if (!only_operands && word.size() > 1 && word.starts_with('-')) {
      auto taken = arguments.take_option(words, at);
      if (!taken) return kipu::fail(std::move(taken.error()));
    } else if (arguments.command_ == nullptr) {
      arguments.command_ = command_named(word);
      if (arguments.command_ == nullptr) {
        return kipu::fail(wrong(fmt::format(
            "there is no command '{}': `callgraph help` lists those that there are", word)));
      }
    } else {
      arguments.operands_.push_back(word);
    }
  }
  if (arguments.command_ == nullptr) arguments.command_ = command_named("help");
  if (auto checked = arguments.check(); !checked) return kipu::fail(std::move(checked.error()));
  return arguments;
}

kipu::Status Arguments::take_option(std::span<const std::string> words, std::size_t& at) {
  Spelled found = spelled(words[at]);
  if (found.spec == nullptr) {
    return kipu::fail(wrong(fmt::format("there is no option {}: `callgraph help {}` lists them",
                                        words[at], command_ ? command_->name : "COMMAND")));
  }
  const std::string name(found.spec->name);
  if (found.spec->value.empty()) {
    if (found.value) return kipu::fail(wrong(fmt::format("--{} takes no value", name)));
    given_[name].emplace_back();
    return {};
  }
  if (!found.value) {
    if (at + 1 == words.size()) {
      return kipu::fail(wrong(fmt::format("--{} needs a value: {}", name, found.spec->value)));
    }
    found.value = words[++at];
  }
  given_[name].push_back(std::move(*found.value));
  return {};
}

kipu::Status Arguments::check() const {
  if (has("help")) return {};
  for (const auto& [name, values] : given_) {
    if (!takes(*command_, name)) {
      return kipu::fail(
          wrong(fmt::format("`callgraph {}` has no option --{}: `callgraph help {}` "
                            "lists those that it has",
                            command_->name, name, command_->name)));
    }
  }
  if (operands_.size() < command_->least || operands_.size() > command_->most) {
    return kipu::fail(
        wrong(fmt::format("usage: callgraph {0} {1} (`callgraph help {0}` has examples)",
                          command_->name, command_->operands)));
  }
  return {};
}

std::optional<std::string> Arguments::get(std::string_view option) const {
  const auto found = given_.find(option);
  if (found == given_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  const auto found = given_.find(option);
  return found == given_.end() ? std::vector<std::string>{} : found->second;
}

kipu::Result<std::size_t> Arguments::number(std::string_view option, std::size_t least,
                                            std::size_t otherwise) const {
  const auto text = get(option);
  if (!text) return otherwise;
  std::size_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, failed] = std::from_chars(text->data(), end, value);
  if (failed != std::errc() || stopped != end || value < least) {
    return kipu::fail(
        wrong(fmt::format("--{} takes a whole number from {} on, not '{}'", option, least, *text)));
  }
  return value;
}

kipu::Result<GraphPlace> Arguments::place(const std::optional<std::string>& broker_variable) const {
  if (has("broker") && has("embedded")) {
    return kipu::fail(wrong("--broker and --embedded exclude each other"));
  }
  GraphPlace place;
  place.directory = get("embedded");
  if (const auto graph = get("graph")) place.graph = *graph;
  if (has("broker")) {
    place.brokers = all("broker");
  } else if (broker_variable && !broker_variable->empty()) {
    place.brokers = split(*broker_variable, ',');
  }
  return place;
}

}  // namespace callgraph
