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

// What symbols, files and pictures are, for the pages of all commands that take or give them.
constexpr std::string_view kNames =
    "Names: as in source code, as far as it needs to tell them apart: append, Client::append, "
    "kipu::Client::append, with parameters where there are overloads: 'put(int)'. Where several "
    "fit, "
    "they are listed with what to type for each, or --all takes them together.";
constexpr std::string_view kPictures =
    "Pictures: -o dot is for Graphviz, -o svg is drawn by it (package graphviz), -o graphml is for "
    "yEd, Gephi and their kin.";

constexpr std::array kCommands{
    CommandSpec{
        "index", "", "brings a graph up to date with the source code",
        "compdb root except generated jobs locals everything quiet",
        "Reads the files that compile_commands.json names, and the headers of the project that "
        "they "
        "include, as far as they changed since the graph last saw them: size and Adler-32 filter, "
        "MD5 decides, and a changed header brings its includers. The last line says how many of "
        "how "
        "many files were read again.\n"
        "compile_commands.json comes from cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON, from meson, or "
        "from `bear -- make`. What stands in its folder was made by the build and is left out "
        "(unless all sources stand there), as is what lies outside the root: the nearest folder "
        "above that has .git, or else the one above.\n"
        "Several may index into one graph at once, and others may ask meanwhile. Ctrl-C lets the "
        "files under way be finished, a second one ends at once; in both cases the graph is sound, "
        "and the same command goes on with the rest (exit code 130).\n"
        "Files with errors are indexed as far as they parse, and named.",
        "callgraph index --compdb build\n"
        "callgraph index -p build -j 4 --graph tools --except tests --except third_party",
        0, 0},
    CommandSpec{
        "watch", "", "indexes, and again whatever changes",
        "compdb root except generated jobs locals everything quiet",
        "Does what `callgraph index` does, and then follows the file system: 150 ms after the last "
        "change to a file of the graph, or to compile_commands.json, it reads what changed, and "
        "prints a line. Others may ask, index and watch meanwhile. Ends when it is interrupted "
        "(Ctrl-C).",
        "callgraph watch --compdb build", 0, 0},
    CommandSpec{
        "facts", "FILE", "prints what one file says, as JSON, without a graph",
        "compdb root locals",
        "To see what the indexer finds: symbols and relations of one file, each with its place. Of "
        "a header, what the first source says that shows it.",
        "callgraph facts src/main.cc --compdb build", 1, 1},
    CommandSpec{
        "find", "TEXT", "symbols and files by the beginning of a name", "as-of output limit",
        "TEXT is the beginning of a simple name, two letters at least (app), a name or the end of "
        "one (Client::append), a path or the end of one, or a usr. The best fits come first. A "
        "usr, "
        "Clang's name for a symbol in all files, names it to every other command, too.",
        "callgraph find app\ncallgraph find Client::append\ncallgraph find client.cc", 1, 1},
    CommandSpec{
        "callers", "SYMBOL", "what calls it", "as-of output depth limit all",
        "A tree: below a function what calls it, with the place of the call; … where its callers "
        "stand further up already. A virtual method is called by whoever calls what it overrides, "
        "too: those calls are marked (virtual). Calls through a pointer are marked (pointer).",
        "callgraph callers Client::append\n"
        "callgraph callers digest_of --depth 3 -o svg > callers.svg",
        1, 1},
    CommandSpec{
        "callees", "SYMBOL", "what it calls", "as-of output depth limit all",
        "A tree, as of callers. A virtual call goes to the method that it names and to all that "
        "override it.",
        "callgraph callees Client::append --depth 2", 1, 1},
    CommandSpec{
        "impact", "SYMBOL", "what may have to change with it", "as-of output depth limit all",
        "Whatever calls, reads, writes, derives from, holds, overrides, expands or includes "
        "it, and what does that to those (six steps, unless --depth says otherwise).",
        "callgraph impact kipu::Stamp --limit 50", 1, 1},
    CommandSpec{
        "path", "FROM TO [TO…]", "how one function comes to call another", "as-of output limit all",
        "A shortest way of calls, through virtual ones, too, read downwards: → is a call, ⇢ one "
        "that is virtual or through a pointer, and what overrides it. With further names: a way "
        "through all of them, in their order.\n"
        "A word that begins with / opens a new part, where the way goes on by other means than a "
        "call, such as a message or another thread (┆); what stands after the slash is its "
        "caption. "
        "As a picture, each part is a column.",
        "callgraph path main digest_of\n"
        "callgraph path '/ client' Client::append Socket::send '/ server' on_message DB::Write",
        2, kAny},
    CommandSpec{
        "readers", "VARIABLE", "what reads it, copies it, or takes its address",
        "as-of output depth limit all",
        "Of a variable, a member, an enumerator, or with `index --locals` of a local one. With "
        "--depth, callers of what reads it, too.",
        "callgraph readers Options::depth", 1, 1},
    CommandSpec{"writers", "VARIABLE", "what writes it", "as-of output depth limit all",
                "Assignments, initialisers, ++ and their kin. With --depth, callers of what writes "
                "it, too.",
                "callgraph writers Options::depth", 1, 1},
    CommandSpec{
        "hierarchy", "CLASS", "bases and derived classes; of a method, overrides",
        "as-of output depth limit all",
        "Two trees: above it its bases, to the last; below it what derives from it, to the last.",
        "callgraph hierarchy Store\ncallgraph hierarchy Store::merge --depth 1", 1, 1},
    CommandSpec{
        "relations", "SYMBOL", "everything that it does, and that is done to it",
        "as-of output limit all relation",
        "Each relation with its place and how sure it is. RELATION is one of calls, reads, writes, "
        "copies, references, inherits, realizes, composes, aggregates, associates, depends, links, "
        "overrides, includes, declares, defines, expands.",
        "callgraph relations Store\ncallgraph relations Store -r composes -r aggregates", 1, 1},
    CommandSpec{"includes", "FILE", "what it includes, or with --by what includes it",
                "as-of output depth limit all by",
                "Of files of the project. FILE is a path from the root, or the end of one.",
                "callgraph includes base/entry.h --by --depth 0", 1, 1},
    CommandSpec{
        "unused", "", "functions and methods that no root reaches", "as-of output limit roots",
        "From the roots, it follows calls, references, uses of variables and macros, and "
        "overrides of what is reached. The code that sets up globals is reached, too. What "
        "is called only from outside the graph, name with --roots. It reads the whole graph.",
        "callgraph unused\ncallgraph unused --roots main --roots plugin_init", 0, 0},
    CommandSpec{
        "cycles", "", "groups of symbols that reach each other", "as-of output limit relation",
        "By calls, unless --relation says otherwise; the largest first. It reads the whole graph.",
        "callgraph cycles\ncallgraph cycles --relation includes", 0, 0},
    CommandSpec{
        "files", "", "the files of the graph, with size, digests and generation",
        "as-of output limit",
        "Of each file what the graph saw of it last, or had seen by --as-of: its size, MD5, "
        "Adler-32, time, language, and the generation, which is the stamp of its record.",
        "callgraph files\ncallgraph files --as-of 2026-05-06", 0, 0},
    CommandSpec{"diff", "TIME [TIME]", "what changed between two times, or since one",
                "output limit",
                "What files said then and no longer say (-), or did not say yet (+). What only "
                "moved to another line is not shown. TIME is as of --as-of.",
                "callgraph diff 2d\ncallgraph diff 2026-05-06 2026-05-07", 1, 2},
    CommandSpec{"info", "", "the graph: id, when it was made and changed, files", "as-of output",
                "The times are UTC.", "callgraph info\ncallgraph info --graph tools", 0, 0},
    CommandSpec{"graphs", "", "the graphs that there are", "",
                "A graph is made by the first `callgraph index --graph NAME`.", "callgraph graphs",
                0, 0},
    CommandSpec{
        "serve", "", "a page on which one walks the graph by clicking", "port as-of",
        "Search a symbol, click what it calls or what calls it, and see each place. On 127.0.0.1 "
        "only. Ends when it is interrupted (Ctrl-C).",
        "callgraph serve\ncallgraph serve --port 0 --as-of 2d", 0, 0},
    CommandSpec{
        "completion", "", "a script that completes these words in bash", "",
        "Completes commands, options, their values, and names from the graph: of symbols after two "
        "letters or after ::, of files for includes. Put the line of the example into ~/.bashrc.",
        "source <(callgraph completion)", 0, 0},
    CommandSpec{"help", "[COMMAND]", "this, or all about a command", "", "", "callgraph help path",
                0, 1},
    CommandSpec{"complete", "[WORD…]", "what may stand at the end of these words", "",
                "Asked by the script that `callgraph completion` prints.",
                "callgraph complete -- callers Client::app", 0, kAny, true},
};

// Takes what stands before the first `separator` off the front.
std::string_view take_part(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

// Breaks at blanks, before a line has more than 80 characters.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = take_part(text, ' ');
    if (column > 0 && indent + column + word.size() + 1 > 80) {
      out += '\n';
      column = 0;
    }
    out.append(column == 0 ? indent : 1, ' ').append(word);
    column += word.size() + 1;
  }
  return out + '\n';
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) out += '\n' + wrapped(take_part(text, '\n'), 2);
  return out;
}

std::string spelling(const OptionSpec& option) {
  const std::string letter = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
  return fmt::format("{}--{}{}{}", letter, option.name, option.value.empty() ? "" : " ",
                     option.value);
}

std::string option_line(const OptionSpec& option) {
  return fmt::format("  {:<24} {}\n", spelling(option), option.text);
}

bool is_common(const OptionSpec& option) {
  return takes(CommandSpec{}, option.name);
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
      "\nFirst\n"
      "  kipu up --data graphs --detach       a store (or: --embedded DIR with each command)\n"
      "  callgraph index --compdb build       from build/compile_commands.json\n"
      "  callgraph callers main --depth 2\n\n";
  text += wrapped(kNames, 0);
  text += '\n' + wrapped(
                     "Output: the answer goes to stdout, notes such as what was left out go to "
                     "stderr. In a terminal it has colours, unless NO_COLOR is set. KIPU_BROKER "
                     "names the broker. Exit codes: 0, 1 (failed, or not all of the output was "
                     "taken), 2 (wrong usage), 130 (interrupted).",
                     0);
  text += "\n`callgraph help COMMAND` has examples and options, `callgraph index --help` too.\n";
  return text;
}

std::string help_of(const CommandSpec& command) {
  std::string page = fmt::format("callgraph {}: {}\n\nExamples\n", command.name, command.summary);
  std::string_view examples = command.examples;
  while (!examples.empty()) page += fmt::format("  {}\n", take_part(examples, '\n'));
  page += fmt::format("\nUsage\n  callgraph {}{}{} [OPTION…]\n", command.name,
                      command.operands.empty() ? "" : " ", command.operands);
  page += paragraphs(command.description);
  if (takes(command, "all")) page += paragraphs(kNames);
  if (takes(command, "depth") || command.name == "path") page += paragraphs(kPictures);
  std::string own;
  std::string common;
  for (const OptionSpec& option : kOptions) {
    if (is_common(option)) common += option_line(option);
    if (!is_common(option) && takes(command, option.name)) own += option_line(option);
  }
  if (!own.empty()) page += "\nOptions\n" + own;
  return page + "\nWith every command\n" + common;
}

}  // namespace callgraph
