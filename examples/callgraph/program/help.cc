#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "examples/callgraph/program/arguments.h"

namespace callgraph {
namespace {

constexpr std::size_t kAny = 1000;

constexpr std::array kOptions{
    OptionSpec{"broker", '\0', "ENDPOINT",
               "a broker, such as tcp://127.0.0.1:7400; repeatable (KIPU_BROKER)"},
    OptionSpec{"embedded", '\0', "DIR", "no server: the store in DIR, opened by this process"},
    OptionSpec{"graph", 'g', "NAME", "which graph (main)"},
    OptionSpec{"help", 'h', "", "what the command does, and its options"},
    OptionSpec{"as-of", '\0', "TIME",
               "as the graph was: 2026-05-06 (the end of that day), 2026-05-06T07:08:09, 3h (ago)"},
    OptionSpec{"output", 'o', "FORMAT", "text, json, dot, svg or graphml (text)"},
    OptionSpec{"depth", 'd', "N", "so many steps from where it begins; 0: no end"},
    OptionSpec{"limit", 'l', "N", "at most so many; what is left out is said"},
    OptionSpec{"all", 'a', "", "all symbols that fit, together, where several do"},
    OptionSpec{"relation", 'r', "RELATION", "only this relation; repeatable"},
    OptionSpec{"roots", '\0', "NAME", "what is used from outside (main); repeatable"},
    OptionSpec{"by", '\0', "", "the other way: which files include it"},
    OptionSpec{"compdb", 'p', "DIR", "where compile_commands.json is"},
    OptionSpec{"jobs", 'j', "N", "so many files at once (as many as the machine has processors)"},
    OptionSpec{"root", '\0', "DIR", "the project: what lies outside it is not indexed"},
    OptionSpec{"except", '\0', "PATH",
               "a folder or file of the project that is not to be indexed; repeatable"},
    OptionSpec{"generated", '\0', "", "what stands in the build folder, too"},
    OptionSpec{"locals", '\0', "", "variables and parameters within functions, too"},
    OptionSpec{"everything", '\0', "", "all files, changed or not"},
    OptionSpec{"quiet", 'q', "", "errors only"},
    OptionSpec{"port", '\0', "N", "of 127.0.0.1 (7480); 0: any that is free"},
};

constexpr std::array kCommands{
    CommandSpec{"index", "", "brings a graph up to date with the source code",
                "compdb root except generated jobs locals everything quiet",
                "Reads the files that compile_commands.json names, and the headers of the project "
                "that they include, as far as they changed since the graph last saw them. Several "
                "may run at once, others may ask meanwhile.",
                "callgraph index --compdb build\ncallgraph index -p build -j 4 --graph tools", 0,
                0},
    CommandSpec{"watch", "", "indexes, and again whatever changes",
                "compdb root except generated jobs locals everything quiet",
                "Follows the file system until it is interrupted (Ctrl-C).",
                "callgraph watch --compdb build", 0, 0},
    CommandSpec{"facts", "FILE", "prints what one file says, as JSON, without a graph",
                "compdb root locals", "To see what the indexer finds.",
                "callgraph facts src/main.cc --compdb build", 1, 1},
    CommandSpec{"find", "TEXT", "symbols and files by the beginning of a name",
                "as-of output limit",
                "TEXT is the beginning of a simple name (app), a name or the end of one "
                "(Client::append), a path or the end of one, or a usr. The best fits come first.",
                "callgraph find app\ncallgraph find Client::append", 1, 1},
    CommandSpec{
        "callers", "SYMBOL", "what calls it", "as-of output depth limit all",
        "A virtual method is called by whoever calls what it overrides, too: those calls are "
        "marked (virtual).",
        "callgraph callers Client::append\ncallgraph callers digest_of --depth 3 -o svg > "
        "callers.svg",
        1, 1},
    CommandSpec{"callees", "SYMBOL", "what it calls", "as-of output depth limit all",
                "A virtual call goes to the method that it names and to all that override it.",
                "callgraph callees Client::append --depth 2", 1, 1},
    CommandSpec{
        "impact", "SYMBOL", "what may have to change with it", "as-of output depth limit all",
        "Whatever calls, reads, writes, derives from, holds, overrides, expands or includes "
        "it, and what does that to those (six steps, unless --depth says otherwise).",
        "callgraph impact kipu::Stamp --limit 50", 1, 1},
    CommandSpec{"path", "FROM TO [TO…]", "how one function comes to call another",
                "as-of output limit all",
                "A shortest way of calls, through virtual ones, too. With further names: a way "
                "through all of them. A word that begins with / opens a new part, where the way "
                "goes on by other means than a call, such as a message or another thread; what "
                "stands after the slash is its caption.",
                "callgraph path main digest_of\ncallgraph path '/ the client' Client::append "
                "Socket::send '/ the server' Machine::on_message DB::Write -a",
                2, kAny},
    CommandSpec{"readers", "VARIABLE", "what reads it, copies it, or takes its address",
                "as-of output depth limit all", "", "callgraph readers Options::depth", 1, 1},
    CommandSpec{"writers", "VARIABLE", "what writes it", "as-of output depth limit all", "",
                "callgraph writers Options::depth", 1, 1},
    CommandSpec{"hierarchy", "CLASS", "bases and derived classes; of a method, overrides",
                "as-of output depth limit all", "", "callgraph hierarchy Store", 1, 1},
    CommandSpec{"relations", "SYMBOL", "everything that it does, and that is done to it",
                "as-of output limit all relation", "", "callgraph relations Store -r composes", 1,
                1},
    CommandSpec{"includes", "FILE", "what it includes, or with --by what includes it",
                "as-of output depth limit all by", "",
                "callgraph includes base/entry.h --by --depth 0", 1, 1},
    CommandSpec{"unused", "", "functions and methods that no root reaches",
                "as-of output limit roots",
                "From the roots, it follows calls, references, uses of variables and macros, and "
                "overrides of what is reached. The code that sets up globals is reached, too. What "
                "is called only from outside the graph, name with --roots.",
                "callgraph unused --roots main --roots plugin_init", 0, 0},
    CommandSpec{"cycles", "", "groups of symbols that reach each other",
                "as-of output limit relation", "By calls, unless --relation says otherwise.",
                "callgraph cycles\ncallgraph cycles --relation includes", 0, 0},
    CommandSpec{"files", "", "the files of the graph, with size, digests and generation",
                "as-of output limit", "", "callgraph files --as-of 2026-05-06", 0, 0},
    CommandSpec{"diff", "TIME [TIME]", "what changed between two times, or since one",
                "output limit",
                "What files said then and no longer say (-), or did not say yet (+). What only "
                "moved to another line is not shown.",
                "callgraph diff 2d\ncallgraph diff 2026-05-06 2026-05-07", 1, 2},
    CommandSpec{"info", "", "the graph: id, when it was made and changed, files", "as-of output",
                "", "callgraph info", 0, 0},
    CommandSpec{"graphs", "", "the graphs that there are", "", "", "callgraph graphs", 0, 0},
    CommandSpec{"serve", "", "a page on which one walks the graph by clicking", "port as-of",
                "On 127.0.0.1 only. Ends when it is interrupted (Ctrl-C).", "callgraph serve", 0,
                0},
    CommandSpec{"completion", "", "a script that completes these words in bash", "", "",
                "source <(callgraph completion)", 0, 0},
    CommandSpec{"help", "[COMMAND]", "this, or all about a command", "", "", "callgraph help path",
                0, 1},
    CommandSpec{"complete", "[WORD…]", "what may stand at the end of these words", "",
                "Asked by the script that `callgraph completion` prints.",
                "callgraph complete -- callers Client::app", 0, kAny, true},
};

// Breaks at blanks, before a line has more than 80 characters.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column > 0 && indent + column + word.size() + 1 > 80) {
      out += '\n';
      column = 0;
    }
    out.append(column == 0 ? indent : 1, ' ').append(word);
    column += word.size() + 1;
  }
  return out + '\n';
}

std::string spelling(const OptionSpec& option) {
  const std::string letter = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
  return fmt::format("{}--{}{}{}", letter, option.name, option.value.empty() ? "" : " ",
                     option.value);
}

std::string options_of(const CommandSpec& command) {
  std::string text;
  for (const OptionSpec& option : kOptions) {
    if (takes(command, option.name))
      text += fmt::format("  {:<24} {}\n", spelling(option), option.text);
  }
  return text;
}

}  // namespace

std::span<const CommandSpec> commands() {
  return kCommands;
}
std::span<const OptionSpec> options() {
  return kOptions;
}

std::string overview() {
  std::string text =
      "callgraph: who calls what, and every other relation in C and C++ source code,\n"
      "kept in Kipu for good\n\n";
  for (const CommandSpec& command : kCommands) {
    if (command.hidden) continue;
    const std::string usage = fmt::format("{} {}", command.name, command.operands);
    text += fmt::format("  {:<22} {}\n", usage, command.summary);
  }
  text +=
      "\nFirst:\n"
      "  kipu up --data graphs --detach       a store (or: --embedded DIR with each command)\n"
      "  callgraph index --compdb build       from build/compile_commands.json\n"
      "  callgraph callers main --depth 2\n\n";
  text += wrapped(
      "Symbols are named as in source code, as far as it needs to tell them apart: append, "
      "Client::append, kipu::Client::append. Where several fit, they are listed with what to type. "
      "Notes, such as what was left out, go to stderr. Exit codes: 0, 1 (failed), 2 (wrong usage).",
      0);
  text += "\n`callgraph help COMMAND` has the options, `callgraph index --help` too.\n";
  return text;
}

std::string help_of(const CommandSpec& command) {
  std::string examples;
  std::string_view rest = command.examples;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    examples += fmt::format("  {}\n", line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  const std::string usage = fmt::format("callgraph {}{}{} [OPTION…]", command.name,
                                        command.operands.empty() ? "" : " ", command.operands);
  const std::string description =
      command.description.empty() ? "" : "\n" + wrapped(command.description, 0);
  return fmt::format("{}: {}\n\nExamples:\n{}{}\nOptions:\n{}", usage, command.summary, examples,
                     description, options_of(command));
}

}  // namespace callgraph
