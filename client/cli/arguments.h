// The command line, taken apart. Our own parser and not a library's, because keys and values are
// any words at all: `[1,2]`, `[]`, `--`, `-x` and the empty word must arrive as they were typed.
//
//   word := `--`            ends the options; every later word is an operand, whatever it looks
//   like
//         | `-`             an operand
//         | `--name`        a flag, or an option whose value is the next word
//         | `--name=value`  an option and its value
//         | `-l`            a flag or option of one letter; its value may be glued on: `-ojson`
//         | anything else   an operand
//
// Options and operands may be mixed. A word that starts with a dash and names no option is refused,
// never stored as a key or a value by mistake.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kipu::cli {

struct OptionSpec {
  std::string_view name;   // as in `--name`, without the dashes
  char letter = '\0';      // as in `-l`; none if zero
  std::string_view value;  // what its value is called in help; a flag if empty
  std::string_view help;
};

class Arguments {
 public:
  // The last value given wins, except in all().
  bool has(std::string_view name) const;
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::string>& operands() const { return operands_; }
  // Whether that operand came after `--`, and so is meant literally.
  bool literal(std::size_t operand) const { return operand >= literal_from_; }

  void add_option(std::string_view name, std::string value);
  void add_operand(std::string word) { operands_.push_back(std::move(word)); }
  void end_options() { literal_from_ = operands_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> operands_;
  std::size_t literal_from_ = ~std::size_t{0};
};

// What was parsed of the option `--name`; an error says of which.
template <class T>
[[nodiscard]] Result<T> of_option(std::string_view name, Result<T> parsed) {
  if (parsed) return parsed;
  return fail(parsed.error().code, "--" + std::string(name) + ": " + parsed.error().message);
}

// Takes `words` apart into `into`. With `stop_at_operand`, stops before the first operand (the
// command's name) and returns its index; otherwise returns words.size(). `invalid_argument`, with a
// remedy, if a word names no option, or an option lacks its value or must have none.
[[nodiscard]] Result<std::size_t> parse_words(std::span<const std::string> words,
                                              std::span<const OptionSpec> known,
                                              bool stop_at_operand, Arguments& into);

}  // namespace kipu::cli
