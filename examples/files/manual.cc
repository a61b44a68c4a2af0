#include "examples/files/manual.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace files {
namespace {

constexpr OptionSpec kJson{"json", '\0', "", "write JSON, one object a line"};
constexpr OptionSpec kQuiet{"quiet", 'q', "", "write neither progress nor what went well"};
constexpr OptionSpec kJobs{"jobs", 'j', "N", "work on so many files at once (8)"};
constexpr OptionSpec kNumber{"number", 'n', "N", "version N, as `history` counts them"};
constexpr OptionSpec kAsOf{"as-of", '\0', "TIME",
                           "what was newest then: a date, a time, or 10m for ten minutes ago"};

constexpr std::array kProgramOptions{
    OptionSpec{"broker", '\0', "ENDPOINT",
               "where the cluster is: repeatable; else KIPU_BROKER; else tcp://127.0.0.1:7400"},
    OptionSpec{"embedded", '\0', "DIR", "no cluster: the store in this folder, made if need be"},
    OptionSpec{"store", '\0', "NAME",
               "keep files in the buckets NAME.names and NAME.chunks (files)"},
    OptionSpec{"timeout", '\0', "DURATION",
               "of each request, with its retries (30s; of those about chunks, 2m)"},
    OptionSpec{"help", 'h', "", "show the manual, or that of the command"},
    OptionSpec{"version", '\0', "", "show the version"},
};

constexpr std::array kUploadOptions{
    OptionSpec{"as", '\0', "NAME", "store the one file or folder under this name"},
    OptionSpec{"verify", '\0', "",
               "read what is stored already, and send again what is lost or altered"},
    kJson,
    kQuiet,
    kJobs,
};

constexpr std::array kDownloadOptions{
    OptionSpec{"as", '\0', "NAME", "write the one file or folder under this name"},
    OptionSpec{"force", 'f', "", "replace local files"},
    kNumber,
    kAsOf,
    kJson,
    kQuiet,
    kJobs,
};

constexpr std::array kListOptions{
    OptionSpec{"long", 'l', "", "with permissions, size and the time when each was stored"},
    OptionSpec{"null", '0', "", "end each name with NUL instead of a newline"},
    kJson,
    kJobs,
};

constexpr std::array kInfoOptions{kNumber, kAsOf, kJson};
constexpr std::array kHistoryOptions{kJson};
constexpr std::array kVerifyOptions{kNumber, kAsOf, kJson, kQuiet, kJobs};

constexpr std::array kCommands{
    CommandSpec{
        "upload", "FILE…", "stores files and folders",
        "Stores each FILE as a new version of its name; folders with all that is in them. The "
        "name is the path as it was given, without a leading `/` and `./`: after `cd docs`, "
        "`upload a.txt` stores `a.txt`. A path with `..` needs --as.\n\n"
        "Chunks that the store has are not sent again, but for a few where most are new, and are "
        "stored once in any case. So a new version of a large file stores what changed; a file "
        "that did not change gets no version; and an upload that was interrupted, in whatever "
        "way, is resumed by uploading again.\n\n"
        "A FILE that is a symbolic link is stored as what it leads to; links within folders "
        "are stored as links. Devices, pipes and sockets are passed over, and said so.",
        "upload report.pdf photos\nupload --as backup/etc /etc", 1, kAnyNumber, Operand::local,
        Operand::none, kUploadOptions},
    CommandSpec{
        "download", "FILE [DIR]", "fetches a file or a folder",
        "Fetches the newest version of FILE, or of every file below the folder FILE (`.` is "
        "all that is stored), into DIR, or else the current folder. Each chunk is verified by "
        "its SHA-256, and then the whole; only then does the file appear, with its "
        "permissions, its time of modification and its holes.\n\n"
        "A local file is never replaced without --force. Where a chunk is lost or altered, it "
        "is named, and nothing is written.",
        "download report.pdf\ndownload photos restored\ndownload report.pdf --number 1 --as "
        "first.pdf",
        1, 2, Operand::stored, Operand::folder, kDownloadOptions},
    CommandSpec{"list-files", "[PREFIX]", "lists what is stored",
                "The names that begin with PREFIX, in byte order. On a terminal unprintable bytes "
                "show as \\xNN; a pipe gets names as they are.",
                "list-files photos/ -l", 0, 1, Operand::stored, Operand::none, kListOptions},
    CommandSpec{
        "info", "FILE", "shows what is known of a file",
        "Shows size, permissions, times, SHA-256 and chunks of the newest version, or of the "
        "one that the options choose.",
        "info report.pdf", 1, 1, Operand::stored, Operand::none, kInfoOptions},
    CommandSpec{
        "history", "FILE", "lists a file's versions",
        "One line for each version, the oldest first: its number, permissions, size, and when "
        "it was stored.",
        "history report.pdf", 1, 1, Operand::stored, Operand::none, kHistoryOptions},
    CommandSpec{
        "verify", "FILE", "reads a file or a folder, and writes nothing",
        "Does what a download does, but for writing: exits with 5, and names the chunk, where "
        "something is lost or altered.",
        "verify photos", 1, 1, Operand::stored, Operand::none, kVerifyOptions},
    CommandSpec{"cd",
                "[DIR]",
                "goes to a local folder",
                "Without DIR: to the home folder.",
                "cd docs",
                0,
                1,
                Operand::folder,
                Operand::none,
                {}},
    CommandSpec{"ls",
                "[DIR]",
                "lists a local folder",
                "Names, sizes and times; folders end with `/`.",
                "ls",
                0,
                1,
                Operand::folder,
                Operand::none,
                {}},
    CommandSpec{"pwd",
                "",
                "shows the current local folder",
                "",
                "pwd",
                0,
                0,
                Operand::none,
                Operand::none,
                {}},
    CommandSpec{"man",
                "[COMMAND]",
                "shows the manual",
                "Whole, or of one command. Also `help`.",
                "man upload",
                0,
                1,
                Operand::command,
                Operand::none,
                {}},
    CommandSpec{
        "clear", "", "clears the screen", "", "clear", 0, 0, Operand::none, Operand::none, {}},
    CommandSpec{"exit",
                "",
                "ends the shell",
                "So do `quit` and Ctrl-D.",
                "exit",
                0,
                0,
                Operand::none,
                Operand::none,
                {}},
};

// Text broken at blanks, each line after `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 78;
  const std::string margin(indent, ' ');
  std::string out;
  std::string line;
  const auto end_line = [&] {
    if (!line.empty()) out += margin + line + '\n';
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) end_line();
    if (!line.empty() && !word.empty()) line += ' ';
    line += word;
    if (end < text.size() && text[end] == '\n') {
      end_line();
      if (text.substr(end).starts_with("\n\n")) out += '\n';
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    while (text.starts_with('\n')) text.remove_prefix(1);
  }
  end_line();
  return out;
}

std::string option_text(const OptionSpec& option) {
  std::string name = option.letter == '\0' ? "" : fmt::format("-{}, ", option.letter);
  name += fmt::format("--{}", option.name);
  if (!option.value.empty()) name += fmt::format(" {}", option.value);
  return fmt::format("    {}\n{}", name, wrapped(option.help, 8));
}

std::string usage(const CommandSpec& command) {
  std::string out(command.name);
  if (!command.options.empty()) out += " [OPTIONS]";
  if (!command.operands.empty()) out += fmt::format(" {}", command.operands);
  return out;
}

std::string examples(std::string_view lines, std::string_view before) {
  std::string out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out += fmt::format("    {}{}\n", before, lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

constexpr std::string_view kDescription =
    "kipu-files keeps files in a Kipu cluster: every version of each, for good. Without a "
    "command it is a shell, with line editing, history, and Tab for the names of commands, local "
    "files and stored files. Each command can be given on the command line as well.\n\n"
    "Files are cut into chunks at places that their content chooses (FastCDC), and each chunk is "
    "compressed (Zstandard) and stored under its SHA-256: what is there already is not stored "
    "again, whichever file it is from. A version of a file is a list of chunks, and is appended "
    "once all of them are stored, so that a download sees one whole version or another.";

constexpr std::string_view kWords =
    "In the shell, words are separated by blanks. 'Single' quotes keep everything; within "
    "\"double\" quotes and outside of quotes \\n, \\t, \\r and \\xNN stand for those bytes, and "
    "a backslash keeps any sign that follows it, such as a blank. Tab quotes what it completes. "
    "Ctrl-C stops a transfer, and erases a line.";

constexpr std::string_view kLimits =
    "A name has at most 65,535 bytes, any but NUL. A version keeps permissions and the time of "
    "modification; owners, access lists, extended attributes, and links between files are not "
    "stored, nor permissions and times of folders that are not empty. Permissions that let a "
    "program run as somebody else are stored, and not given by a download. Holes shorter than 64 "
    "KiB become zeros. There is no encryption: who can read the cluster can read the files.";

constexpr std::string_view kExits =
    "    0    done\n"
    "    1    refused by the store\n"
    "    2    wrong usage, or a local file that cannot be read or would be replaced\n"
    "    3    no cluster answers\n"
    "    4    the deadline passed, or the outcome is unknown: say the same again\n"
    "    5    someone must look: a chunk is lost or altered, a disk failed, or\n"
    "         standard output did not take everything\n"
    "    6    no such file is stored\n"
    "    130  interrupted\n";

constexpr std::string_view kEnvironment =
    "    KIPU_BROKER     where the cluster is: endpoints, separated by commas\n"
    "    XDG_STATE_HOME  where the history of the shell is: in kipu/files-history\n";

}  // namespace

std::span<const CommandSpec> all_commands() {
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  if (name == "quit") name = "exit";
  if (name == "help") name = "man";
  if (name == "list") name = "list-files";
  const auto* const at = std::ranges::find(kCommands, name, &CommandSpec::name);
  return at == kCommands.end() ? nullptr : &*at;
}

std::span<const OptionSpec> program_options() {
  return kProgramOptions;
}

std::string manual_of(const CommandSpec& command) {
  std::string out = fmt::format("NAME\n    {} - {}\n\nSYNOPSIS\n    {}\n", command.name,
                                command.summary, usage(command));
  if (!command.description.empty()) {
    out += fmt::format("\nDESCRIPTION\n{}", wrapped(command.description, 4));
  }
  if (!command.options.empty()) out += "\nOPTIONS\n";
  for (const OptionSpec& option : command.options) out += option_text(option);
  return out + "\nEXAMPLES\n" + examples(command.example, "");
}

std::string manual() {
  std::string out =
      "NAME\n    kipu-files - a shell in which files are stored in a Kipu cluster\n\nSYNOPSIS\n"
      "    kipu-files [OPTIONS]\n    kipu-files [OPTIONS] COMMAND [OPERANDS]\n\nDESCRIPTION\n";
  out += wrapped(kDescription, 4) + "\nCOMMANDS\n";
  for (const CommandSpec& command : kCommands) {
    out += fmt::format("    {}\n{}", usage(command), wrapped(command.summary, 8));
  }
  out += "    `man COMMAND` says more, and lists its options.\n\nOPTIONS\n";
  for (const OptionSpec& option : kProgramOptions) out += option_text(option);
  out += "\nWORDS\n" + wrapped(kWords, 4);
  out += fmt::format("\nEXIT STATUS\n{}\nENVIRONMENT\n{}", kExits, kEnvironment);
  out += "\nLIMITS\n" + wrapped(kLimits, 4) + "\nEXAMPLES\n";
  out += examples(
      "upload report.pdf photos\nhistory report.pdf\ndownload photos restored\nlist-files -l\n"
      "--embedded ~/safe upload report.pdf",
      "kipu-files ");
  return out;
}

}  // namespace files
