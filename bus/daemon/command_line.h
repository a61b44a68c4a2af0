// The command line and the config file of a daemon: one table of options, each of which may be
// given in either, under the same name. What stands on the command line wins.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"

namespace kipu::daemon {

struct Option {
  std::string name;   // "data": --data DIR on the command line, data = "DIR" in a file
  std::string value;  // what help calls its value; empty for a switch
  std::string help;
  // Takes the text of the value ("true" or "false" of a switch), or says what is wrong with it.
  std::function<Status(const std::string&)> set;
  bool required = false;
};

// Options that write to `into`, which outlives the parsing and holds the default.
[[nodiscard]] Option text_option(std::string name, std::string value, std::string help,
                                 std::string& into);
struct Range {
  std::uint32_t least;
  std::uint32_t most;
};
[[nodiscard]] Option number_option(std::string name, std::string help, Range range,
                                   std::uint32_t& into);
// As in 250ms, 5s, 10m, 2h.
[[nodiscard]] Option duration_option(std::string name, std::string help, Duration& into);
// As in 4096, 64KiB, 256MiB, 1GiB.
[[nodiscard]] Option size_option(std::string name, std::string help, std::uint64_t& into);
[[nodiscard]] Option level_option(std::string name, std::string help, LogLevel& into);
[[nodiscard]] Option switch_option(std::string name, std::string help, bool& into);
[[nodiscard]] Option required(Option option);

struct Command {
  std::string summary;   // one line
  std::string examples;  // lines, shown first
  std::vector<Option> options;
};

// `NAME …` serves; `NAME init …` and the like do something else, once.
struct Program {
  struct Other {
    std::string word;
    Command command;
  };
  std::string name;
  Command serve;
  std::vector<Other> others;
};

enum class Action { serve, other, exit };

struct Parsed {
  Action action = Action::exit;
  std::string word = {};  // of Action::other
  int exit_code = 0;      // of Action::exit: help and version 0, wrong usage 2
};

// Sets the options of the command that was named, and of `--config FILE` what the command line does
// not say. Help and version are printed to stdout, what is wrong to stderr.
[[nodiscard]] Parsed parse_command_line(const Program& program, int argc, const char* const* argv);

}  // namespace kipu::daemon
