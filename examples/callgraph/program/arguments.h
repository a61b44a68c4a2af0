// The command line, as a table of commands and a table of options.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/graph/place.h"
#include "kipu/client.h"

namespace callgraph {

struct OptionSpec {
  std::string_view name;   // without the dashes
  char letter = '\0';      // -o; '\0': none
  std::string_view value;  // what it takes, for help; empty: nothing
  std::string_view text;
};

struct CommandSpec {
  std::string_view name;
  std::string_view operands;  // for help; each word is one, `…` after the last: any number
  std::string_view summary;
  std::string_view options;      // their names, separated by blanks; the common ones are implied
  std::string_view description;  // paragraphs
  std::string_view examples;     // lines
  std::size_t least = 0;         // operands
  std::size_t most = 0;
  bool hidden = false;  // for programs, not for people
};

[[nodiscard]] std::span<const CommandSpec> commands();
[[nodiscard]] std::span<const OptionSpec> options();
[[nodiscard]] const CommandSpec* command_named(std::string_view name);
[[nodiscard]] const OptionSpec* option_named(std::string_view name);
[[nodiscard]] const OptionSpec* option_lettered(char letter);
// Whether `command` takes the option, as its own or a common one.
[[nodiscard]] bool takes(const CommandSpec& command, std::string_view option);

class Arguments {
 public:
  // `words` without the program's name. `invalid_argument` for what is unknown, missing or too
  // much, with what to write instead.
  [[nodiscard]] static kipu::Result<Arguments> parse(std::span<const std::string> words);

  const CommandSpec& command() const { return *command_; }
  const std::vector<std::string>& operands() const { return operands_; }
  bool has(std::string_view option) const { return given_.contains(option); }
  // The last value given, or nothing.
  std::optional<std::string> get(std::string_view option) const;
  std::vector<std::string> all(std::string_view option) const;
  // A number from `least` on, or `otherwise` where it is not given.
  kipu::Result<std::size_t> number(std::string_view option, std::size_t least,
                                   std::size_t otherwise) const;
  // From --broker, --embedded, --graph, and KIPU_BROKER's value.
  kipu::Result<GraphPlace> place(const std::optional<std::string>& broker_variable) const;

 private:
  kipu::Status take_option(std::span<const std::string> words, std::size_t& at);
  kipu::Status check() const;

  const CommandSpec* command_ = nullptr;
  std::vector<std::string> operands_;
  std::map<std::string, std::vector<std::string>, std::less<>> given_;
};

// The whole help, or that of one command.
[[nodiscard]] std::string overview();
[[nodiscard]] std::string help_of(const CommandSpec& command);

}  // namespace callgraph
