#include "examples/callgraph/indexer/compile_commands.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace callgraph {

namespace fs = std::filesystem;

namespace {

using kipu::ErrorCode;

constexpr std::array kLaunchers = {"ccache", "distcc", "sccache", "icecc", "env"};

// Options that take a value, in the next argument or in this one, and change what the source means.
constexpr std::array kKeptWithValue = {
    "-I",         "-D",           "-U",       "-isystem",  "-iquote",
    "-idirafter", "-include",     "-imacros", "-iprefix",  "-x",
    "-isysroot",  "-iwithprefix", "-target",  "--sysroot", "-iwithprefixbefore"};
// Options without a value, or with it after an equals sign.
constexpr std::array kKept = {
    "-std=",    "-ansi",    "-m32",   "-m64",      "-mx32",      "-march=", "-msse",
    "-mavx",    "-mbmi",    "-maes",  "-mpclmul",  "-mpopcnt",   "-O",      "-nostdinc",
    "-stdlib=", "-pthread", "-undef", "--target=", "--sysroot=", "@",       "-ffreestanding"};
constexpr std::array kKeptExactly = {"-fno-exceptions",
                                     "-fexceptions",
                                     "-fno-rtti",
                                     "-fopenmp",
                                     "-fshort-enums",
                                     "-fshort-wchar",
                                     "-fsigned-char",
                                     "-funsigned-char",
                                     "-fms-extensions",
                                     "-fgnu89-inline",
                                     "-fno-builtin",
                                     "-fchar8_t",
                                     "-fno-char8_t",
                                     "-fblocks",
                                     "-fPIC",
                                     "-fPIE",
                                     "-fpic",
                                     "-fpie",
                                     "-funsigned-bitfields"};

bool starts_with_any(std::string_view text, const auto& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return text.starts_with(p); });
}

bool is_launcher(const std::string& argument) {
  const std::string name = fs::path(argument).filename();
  return std::ranges::find(kLaunchers, name) != kLaunchers.end() ||
         (name.find('=') != std::string::npos && !name.starts_with('-'));
}

// The value of an option that has one: `-Ifoo` and `-I foo`.
struct Option {
  std::string name;
  std::string value;
};

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::ranges::mismatch(folder, path);
  return end == folder.end();
}

class Fitting {
 public:
  Fitting(const fs::path& directory, const fs::path& root) : directory_(directory), root_(root) {}

  void take(const std::vector<std::string>& arguments, std::size_t first) {
    for (std::size_t i = first; i < arguments.size(); ++i) {
      if (!take_with_value(arguments, i)) take_alone(arguments[i]);
    }
  }

  std::vector<std::string> kept;
  std::string standard;
  std::string language;

 private:
  bool take_with_value(const std::vector<std::string>& arguments, std::size_t& i) {
    const std::string& argument = arguments[i];
    for (const std::string_view name : kKeptWithValue) {
      if (argument == name && i + 1 < arguments.size()) {
        keep(std::string(name), arguments[++i]);
        return true;
      }
    }
    for (const std::string_view name : {"-I", "-D", "-U", "-x", "-isystem", "-iquote"}) {
      if (argument.starts_with(name) && argument.size() > name.size()) {
        keep(std::string(name), argument.substr(name.size()));
        return true;
      }
    }
    return false;
  }

  void keep(const std::string& name, const std::string& value) {
    if (name == "-x") language = value;
    const fs::path folder = (directory_ / value).lexically_normal();
    const bool own = name == "-isystem" && is_below(folder, root_);
    kept.push_back(own ? "-I" : name);
    kept.push_back(value);
  }

  void take_alone(const std::string& argument) {
    const bool exactly =
        std::ranges::any_of(kKeptExactly, [&](std::string_view k) { return argument == k; });
    if (!exactly && !starts_with_any(argument, kKept)) return;
    if (argument.starts_with("-std=")) standard = argument.substr(5);
    kept.push_back(argument);
  }

  fs::path directory_;
  fs::path root_;
};

bool is_cxx(const std::string& compiler, const Fitting& fitting, const fs::path& source) {
  if (!fitting.language.empty()) return fitting.language.starts_with("c++");
  if (source.extension() != ".c") return true;
  const std::string name = fs::path(compiler).filename();
  return name.find("++") != std::string::npos;
}

// "C++20" of c++20, gnu++20 and c++2a; "C++" of none.
std::string with_year(std::string language, const std::string& standard) {
  const std::size_t digit = standard.find_first_of("0123456789");
  if (digit == std::string::npos) return language;
  const std::string year = standard.substr(digit);
  if (year == "2a") return language + "20";
  if (year == "2b") return language + "23";
  return language + year;
}

kipu::Result<nlohmann::json> parse(const fs::path& path) {
  std::ifstream in(path);
  if (!in) {
    return kipu::fail(ErrorCode::invalid_argument,
                      "there is no " + path.string() +
                          ": configure with CMAKE_EXPORT_COMPILE_COMMANDS=ON, or record a build "
                          "with `bear -- make`");
  }
  nlohmann::json json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_array()) {
    return kipu::fail(ErrorCode::invalid_argument,
                      path.string() + " is no compile database (a JSON array of commands)");
  }
  return json;
}

std::string text_at(const nlohmann::json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> arguments_of(const nlohmann::json& entry) {
  const auto list = entry.find("arguments");
  if (list == entry.end() || !list->is_array()) return split_command(text_at(entry, "command"));
  std::vector<std::string> arguments;
  for (const nlohmann::json& argument : *list) {
    if (argument.is_string()) arguments.push_back(argument.get<std::string>());
  }
  return arguments;
}

fs::path file_of(const fs::path& compdb) {
  std::error_code none;
  return fs::is_directory(compdb, none) ? compdb / "compile_commands.json" : compdb;
}

// As the file system has it, without symbolic links, where it exists.
fs::path real(const fs::path& path) {
  std::error_code failed;
  const fs::path found = fs::weakly_canonical(path, failed);
  return failed ? path.lexically_normal() : found;
}

}  // namespace

std::vector<std::string> split_command(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;  // of a word, which may be empty: ''
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
      continue;
    }
    inside = true;
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < command.size() &&
                         (quote == 0 || command[i + 1] == '"' || command[i + 1] == '\\');
    if (escapes) {
      word += command[++i];
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  if (inside) words.push_back(word);
  return words;
}

CompileCommand fit_for_clang(const std::vector<std::string>& arguments, const fs::path& directory,
                             const fs::path& source, const fs::path& root) {
  std::size_t first = 0;
  while (first < arguments.size() && is_launcher(arguments[first])) ++first;
  const std::string compiler = first < arguments.size() ? arguments[first] : "cc";
  Fitting fitting(directory, root);
  fitting.take(arguments, first + 1);
  const bool cxx = is_cxx(compiler, fitting, source);
  CompileCommand command;
  command.source = real(directory / source);
  command.language = with_year(cxx ? "C++" : "C", fitting.standard);
  command.arguments = {cxx ? "clang++" : "clang", "-working-directory=" + directory.string(), "-w",
                       "-ferror-limit=0"};
  command.arguments.insert(command.arguments.end(), fitting.kept.begin(), fitting.kept.end());
  command.arguments.push_back(command.source.string());
  return command;
}

kipu::Result<std::vector<CompileCommand>> read_compile_commands(const fs::path& compdb,
                                                                const fs::path& root) {
  const fs::path path = file_of(compdb);
  const auto json = parse(path);
  if (!json) return kipu::fail(json.error());
  std::vector<CompileCommand> commands;
  for (const nlohmann::json& entry : *json) {
    const fs::path directory = real(path.parent_path() / text_at(entry, "directory"));
    const std::string source = text_at(entry, "file");
    const std::vector<std::string> arguments = arguments_of(entry);
    if (source.empty() || arguments.empty()) {
      return kipu::fail(ErrorCode::invalid_argument,
                        path.string() +
                            " has an entry without `file`, or without `command` and "
                            "`arguments`: write it anew");
    }
    commands.push_back(fit_for_clang(arguments, directory, source, root));
  }
  return commands;
}

fs::path root_of(const fs::path& compdb) {
  const fs::path folder = real(fs::absolute(file_of(compdb))).parent_path();
  std::error_code none;
  for (fs::path at = folder; at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / ".git", none)) return at;
  }
  return folder.parent_path();
}

std::optional<fs::path> build_folder(const fs::path& compdb, const fs::path& root,
                                     const std::vector<CompileCommand>& commands) {
  const fs::path folder = real(fs::absolute(file_of(compdb))).parent_path();
  if (folder == root || !is_below(folder, root)) return std::nullopt;
  const bool has_sources_beside = std::ranges::any_of(commands, [&](const CompileCommand& each) {
    return is_below(each.source, root) && !is_below(each.source, folder);
  });
  return has_sources_beside ? std::optional(folder) : std::nullopt;
}

}  // namespace callgraph
