#include "examples/files/arguments.h"

#include <fmt/format.h>

#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

class Parser {
 public:
  Parser(std::span<const std::string> words, std::span<const OptionSpec> known)
      : words_(words), known_(known) {}

  Result<Arguments> parse() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (word == "--") {
        while (at_ < words_.size()) parsed_.operands.push_back(words_[at_++]);
      } else if (auto taken = take(word); !taken) {
        return fail(std::move(taken).error());
      }
    }
    return std::move(parsed_);
  }

 private:
  Status take(const std::string& word) {
    if (word.size() < 2 || word[0] != '-') {
      parsed_.operands.push_back(word);
      return {};
    }
    return word[1] == '-' ? take_long(std::string_view(word).substr(2)) : take_short(word);
  }

  Status take_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    for (const OptionSpec& option : known_) {
      if (option.name != name) continue;
      if (equals == std::string_view::npos) return take_value(option);
      if (option.value.empty()) {
        return fail(ErrorCode::invalid_argument, fmt::format("--{} takes no value", name));
      }
      return add(option, word.substr(equals + 1));
    }
    return unknown(name);
  }

  Status take_short(std::string_view word) {
    for (const OptionSpec& option : known_) {
      if (option.letter != word[1]) continue;
      if (word.size() == 2) return take_value(option);
      if (!option.value.empty()) return add(option, word.substr(2));
    }
    return fail(ErrorCode::invalid_argument,
                fmt::format("there is no option {}: `help` lists them, and a name that begins with "
                            "a dash goes after --",
                            in_quotes(word)));
  }

  Status take_value(const OptionSpec& option) {
    if (option.value.empty()) return add(option, "");
    if (at_ < words_.size()) return add(option, words_[at_++]);
    return fail(ErrorCode::invalid_argument,
                fmt::format("--{} needs a value: --{} {}", option.name, option.name, option.value));
  }

  Status add(const OptionSpec& option, std::string_view value) {
    parsed_.options[std::string(option.name)].emplace_back(value);
    return {};
  }

  Status unknown(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const OptionSpec& option : known_) names.push_back(option.name);
    const auto near = nearest(name, names);
    return fail(
        ErrorCode::invalid_argument,
        near ? fmt::format("there is no option --{}: did you mean --{}?", printable(name), *near)
             : fmt::format("there is no option --{}: `help` lists them, and a name that "
                           "begins with a dash goes after --",
                           printable(name)));
  }

  const std::span<const std::string> words_;
  const std::span<const OptionSpec> known_;
  std::size_t at_ = 0;
  Arguments parsed_;
};

}  // namespace

std::optional<std::string> Arguments::value(std::string_view name) const {
  const auto at = options.find(name);
  return at == options.end() ? std::nullopt : std::optional(at->second.back());
}

Result<Arguments> parse_arguments(std::span<const std::string> words,
                                  std::span<const OptionSpec> known) {
  return Parser(words, known).parse();
}

}  // namespace files
